"""The cast as Teleport users, roles and resources."""

from collections.abc import Iterable

from sandbox.cast import (
    BOT_ROLE,
    BOT_USER,
    NODES,
    OTHER_RESOURCES,
    PEOPLE,
    SLACK_TRAIT,
    Person,
)
from sandbox.teleport.profile import TCTL_ADMIN
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import (
    BOT_LABEL,
    database,
    desktop,
    kube_cluster,
    label_values,
    node,
    role,
    rule,
    web_app,
)
from teleport_client._proto.types_pb2 import (
    AccessRequestConditions,
    AccessRequestConditionsReason,
    AccessReviewConditions,
    AccessReviewThreshold,
    RoleConditions,
    RoleV6,
)
from teleport_client._proto.wrappers_pb2 import LabelValues

_LIST_RESOURCES = "list-access-request-resources"
_READ_ONLY = ("list", "read")
_READ_WRITE = ("list", "create", "read", "update", "delete")
_READABLE = ("access_monitoring_rule", "access_list", "role", "user", "user_login_state", "lock")
_NEW_USER_TRAITS: dict[str, list[str]] = {
    "aws_role_arns": [],
    "azure_identities": [],
    "db_names": [],
    "db_roles": [],
    "db_users": [],
    "gcp_service_accounts": [],
    "host_user_gid": [""],
    "host_user_uid": [""],
    "kubernetes_groups": [],
    "kubernetes_users": [],
    "windows_logins": [],
}
"""Traits that `tctl users add` writes (tool/tctl/common/user_command.go)."""
_ALL = label_values({"*": ["*"]})
_OTHERS = {
    "db": database,
    "app": web_app,
    "kube_cluster": kube_cluster,
    "windows_desktop": desktop,
}
"""Constructors by kind."""


def populate(cluster: Cluster) -> None:
    """Add the cast to an empty cluster, within its edition's features."""
    for cast_role in _roles(cluster):
        cluster.put_role(cast_role)
    for person in PEOPLE:
        if person.roles is not None:
            _add_person(cluster, person, person.roles)
    bot_name = BOT_USER.removeprefix("bot-")
    cluster.add_user(BOT_USER, [BOT_ROLE], labels={BOT_LABEL: bot_name})
    cluster.add_user(TCTL_ADMIN, ["admin"])
    cluster.nodes.extend(
        node(it.hostname, f"192.0.2.{number}:3022", {"tier": it.tier})
        for number, it in enumerate(NODES, start=11)
    )
    cluster.resources.extend(_OTHERS[it.kind](it.name, {"tier": it.tier}) for it in OTHER_RESOURCES)


def _add_person(cluster: Cluster, person: Person, roles: tuple[str, ...]) -> None:
    traits = _NEW_USER_TRAITS | {"logins": [person.name]}
    if person.mapped:
        traits[SLACK_TRAIT] = [person.slack_user_id]
    cluster.add_user(person.name, roles, traits, locked=person.locked)


def _roles(cluster: Cluster) -> tuple[RoleV6, ...]:
    reviewed = cluster.features.advanced_workflows
    return (
        _dev(searches=reviewed),
        _prod_requester(advanced=reviewed),
        role("staging", _access_to("staging")),
        role("prod", _access_to("prod")),
        _reviewer(reviews=reviewed),
        _admin(reviews=reviewed),
        role(_LIST_RESOURCES, _listing()),
        _bot_role(cluster),
    )


def _access_to(tier: str) -> RoleConditions:
    return _selecting(label_values({"tier": [tier]}), logins=["{{internal.logins}}"])


def _selecting(labels: LabelValues, *, logins: Iterable[str] = ()) -> RoleConditions:
    """Return conditions with the same labels for all kinds of resources."""
    return RoleConditions(
        Logins=logins,
        NodeLabels=labels,
        AppLabels=labels,
        DatabaseLabels=labels,
        KubernetesLabels=labels,
        WindowsDesktopLabels=labels,
    )


def _listing() -> RoleConditions:
    """Return the conditions of the preset, which lists no desktops (lib/services/presets.go)."""
    kinds = ("node", "app", "db", "kube_cluster")
    return RoleConditions(
        NodeLabels=_ALL,
        AppLabels=_ALL,
        DatabaseLabels=_ALL,
        KubernetesLabels=_ALL,
        Rules=[rule(kind, *_READ_ONLY) for kind in kinds],
    )


def _dev(*, searches: bool) -> RoleV6:
    """`searches` lets users request single hosts, which Community Edition doesn't support."""
    allow = _access_to("dev")
    searched = ["staging"] if searches else []
    allow.Request.CopyFrom(AccessRequestConditions(Roles=["staging"], SearchAsRoles=searched))
    return role("dev", allow)


def _prod_requester(*, advanced: bool) -> RoleV6:
    """`advanced` adds thresholds and single hosts, which Community Edition doesn't support."""
    conditions = AccessRequestConditions(
        Roles=["prod"], Reason=AccessRequestConditionsReason(Mode="required")
    )
    if advanced:
        conditions.SearchAsRoles.append("prod")
        conditions.Thresholds.append(AccessReviewThreshold(Approve=2, Deny=1))
    return role("prod-requester", RoleConditions(Request=conditions))


def _reviewer(*, reviews: bool) -> RoleV6:
    allow = RoleConditions()
    if reviews:
        conditions = AccessReviewConditions(
            Roles=["staging", "prod"], PreviewAsRoles=[_LIST_RESOURCES]
        )
        allow.ReviewRequests.CopyFrom(conditions)
    return role("reviewer", allow)


def _admin(*, reviews: bool) -> RoleV6:
    allow = _selecting(_ALL, logins=["{{internal.logins}}"])
    allow.Rules.append(rule("*", "*"))
    if reviews:
        allow.ReviewRequests.CopyFrom(AccessReviewConditions(Roles=["*"]))
    return role("admin", allow)


def _bot_role(cluster: Cluster) -> RoleV6:
    """Return the preset `access-plugin-with-review`, plus creating requests, locks and semaphores.

    Deleting requests and creating locks are the opt-in features of `teleport-role`.
    """
    on_behalf = cluster.features.on_behalf_reviews
    resolves_directly = () if on_behalf else ("update",)
    allow = RoleConditions(
        Rules=[
            rule("access_request", *_READ_ONLY, "create", "delete", *resolves_directly),
            rule("access_plugin_data", *_READ_WRITE),
            rule("semaphore", "create", "update"),
            rule("lock", "create", "update"),
            *(rule(resource, *_READ_ONLY) for resource in _READABLE),
        ]
    )
    if on_behalf:
        allow.ReviewRequests.PreviewAsRoles.append(_LIST_RESOURCES)
        allow.ReviewRequests.SubmitForUsers.append("*")
        allow.WindowsDesktopLabels.CopyFrom(_ALL)
    else:
        allow.NodeLabels.CopyFrom(_ALL)
    return role(BOT_ROLE, allow, version="v8" if on_behalf else "v7")
