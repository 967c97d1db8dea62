"""The fields of users, roles, locks and join tokens, with the JSON tags of api/types."""

from sandbox.teleport.tools.resource_form import (
    Count,
    Duration,
    Flag,
    Form,
    Labels,
    Map,
    Nested,
    NestedList,
    OptionalTime,
    Text,
    Texts,
    Time,
    Traits,
)

_METADATA = Form(
    (
        Text("name", "Name", always=True),
        Text("description", "Description"),
        Map("labels", "Labels"),
        OptionalTime("expires", "Expires"),
        Text("revision", "Revision"),
    )
)


def _resource(spec: Form) -> Form:
    return Form(
        (
            Text("kind", "Kind", always=True),
            Text("sub_kind", "SubKind"),
            Text("version", "Version", always=True),
            Nested("metadata", "Metadata", always=True, form=_METADATA),
            Nested("spec", "Spec", always=True, form=spec),
        )
    )


_IDENTITY = Form((Text("connector_id", "ConnectorID"), Text("username", "Username")))
_CONNECTOR = Form(
    (
        Text("type", "Type", always=True),
        Text("id", "ID", always=True),
        Text("identity", "Identity", always=True),
    )
)
_CREATED_BY = Form(
    (
        Nested("connector", "Connector", form=_CONNECTOR),
        Time("time", "Time", always=True),
        Nested("user", "User", always=True, form=Form((Text("name", "Name", always=True),))),
    )
)
_LOGIN_STATUS = Form(
    (
        Flag("is_locked", "IsLocked", always=True),
        Text("locked_message", "LockedMessage"),
        Time("locked_time", "LockedTime"),
        Time("lock_expires", "LockExpires"),
    )
)
USER = _resource(
    Form(
        (
            NestedList("oidc_identities", "OIDCIdentities", form=_IDENTITY),
            NestedList("saml_identities", "SAMLIdentities", form=_IDENTITY),
            NestedList("github_identities", "GithubIdentities", form=_IDENTITY),
            Texts("roles", "Roles"),
            Traits("traits", "Traits"),
            Nested("status", "Status", always=True, form=_LOGIN_STATUS),
            Time("expires", "Expires"),
            Nested("created_by", "CreatedBy", always=True, form=_CREATED_BY),
        )
    )
)

_CLAIM = Form((Text("claim", "Claim"), Text("value", "Value"), Texts("roles", "Roles")))
_RULE = Form(
    (
        Texts("resources", "Resources"),
        Texts("verbs", "Verbs"),
        Text("where", "Where"),
        Texts("actions", "Actions"),
    )
)
_THRESHOLD = Form(
    (
        Text("name", "Name"),
        Text("filter", "Filter"),
        Count("approve", "Approve"),
        Count("deny", "Deny"),
    )
)
_REQUEST = Form(
    (
        Texts("roles", "Roles"),
        NestedList("claims_to_roles", "ClaimsToRoles", form=_CLAIM),
        Traits("annotations", "Annotations"),
        NestedList("thresholds", "Thresholds", form=_THRESHOLD),
        Texts("suggested_reviewers", "SuggestedReviewers"),
        Texts("search_as_roles", "SearchAsRoles"),
        Duration("max_duration", "MaxDuration"),
        Nested("reason", "Reason", form=Form((Text("mode", "Mode"), Text("prompt", "Prompt")))),
    )
)
_REVIEW = Form(
    (
        Texts("roles", "Roles"),
        NestedList("claims_to_roles", "ClaimsToRoles", form=_CLAIM),
        Text("where", "Where"),
        Texts("preview_as_roles", "PreviewAsRoles"),
        Texts("submit_for_users", "SubmitForUsers"),
    )
)
_CONDITIONS = Form(
    (
        Texts("logins", "Logins"),
        Labels("node_labels", "NodeLabels"),
        Labels("app_labels", "AppLabels"),
        Labels("db_labels", "DatabaseLabels"),
        Labels("kubernetes_labels", "KubernetesLabels"),
        Labels("windows_desktop_labels", "WindowsDesktopLabels"),
        Text("node_labels_expression", "NodeLabelsExpression"),
        Text("app_labels_expression", "AppLabelsExpression"),
        Text("db_labels_expression", "DatabaseLabelsExpression"),
        Text("kubernetes_labels_expression", "KubernetesLabelsExpression"),
        Text("windows_desktop_labels_expression", "WindowsDesktopLabelsExpression"),
        NestedList("rules", "Rules", form=_RULE),
        Nested("request", "Request", form=_REQUEST),
        Nested("review_requests", "ReviewRequests", form=_REVIEW),
    )
)
_OPTIONS = Form(
    (
        Duration("max_session_ttl", "MaxSessionTTL"),
        Text("request_access", "RequestAccess"),
        Text("request_prompt", "RequestPrompt"),
    )
)
ROLE = _resource(
    Form(
        (
            Nested("options", "Options", always=True, form=_OPTIONS),
            Nested("allow", "Allow", always=True, form=_CONDITIONS),
            Nested("deny", "Deny", always=True, form=_CONDITIONS),
        )
    )
)

_TARGET = Form(
    (
        Text("user", "User"),
        Text("role", "Role"),
        Text("login", "Login"),
        Text("mfa_device", "MFADevice"),
        Text("windows_desktop", "WindowsDesktop"),
        Text("access_request", "AccessRequest"),
        Text("device", "Device"),
        Text("server_id", "ServerID"),
    )
)
LOCK = _resource(
    Form(
        (
            Nested("target", "Target", always=True, form=_TARGET),
            Text("message", "Message"),
            OptionalTime("expires", "Expires"),
            Time("created_at", "CreatedAt"),
            Text("created_by", "CreatedBy"),
        )
    )
)

TOKEN = _resource(
    Form(
        (
            Texts("roles", "Roles", always=True),
            Text("join_method", "JoinMethod", always=True),
            Text("bot_name", "BotName"),
        )
    )
)
