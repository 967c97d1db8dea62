"""The feature table: a row for each feature that needs a permission, scope or manifest entry.

`manifest`, `teleport-role`, `doctor`, the files in `deploy/` and docs/features.md are generated
from this table; `make features` writes the files. A new feature is one more row here, and the code
that implements it asks `Availability` whether it can work.

The order of the rows is the order of the generated role and manifest. This module is imported by
`manifest` and `teleport-role`, so it imports neither settings nor gRPC.
"""

from bot.features.feature import Feature, ManifestEntry, RoleField, Rule, Scope
from commands.slash_commands import (
    APPROVE,
    COMMANDS,
    DENY,
    HOME_OPENED,
    PENDING,
    REQUEST,
    SHORTCUTS,
)
from teleport_client.rules.access_rules import (
    can_list_desktops,
    can_list_hosts,
    can_preview_resources,
    can_submit_on_behalf,
)
from workspace.requests.review_policy import ReviewMode

BOT_NAME = "Teleport"
LISTING_ROLE = "teleport-chatops-resources"
"""Role that shows resources, where Teleport has none of its own. `teleport-role` prints it."""
_ON_BEHALF = frozenset({ReviewMode.PERSON})
_BY_EMAIL = Scope("users:read.email", "find users by email address")


def _slash_commands(*names: str, reason: str) -> ManifestEntry:
    return ManifestEntry(
        ("features", "slash_commands"),
        [
            {
                "command": command.name,
                "description": command.description,
                "usage_hint": command.usage_hint,
                "should_escape": True,
            }
            for command in COMMANDS
            if command.name in names
        ],
        reason,
    )


REQUEST_CARDS = Feature(
    "request_cards",
    "Cards for access requests",
    without="the bot can't post cards for all access requests",
    rules=(
        Rule("access_request", ("list", "read"), "read all access requests", hides=True),
        Rule("access_plugin_data", ("list", "read", "update"), "store which messages were posted"),
        Rule("role", ("read",), "check that the bot's own role still shows all requests"),
    ),
    scopes=(Scope("chat:write", "post and update cards"),),
    manifest=(
        ManifestEntry(
            ("features", "bot_user"),
            {"display_name": BOT_NAME, "always_online": True},
            "post as a bot user",
        ),
    ),
)
REPLICAS = Feature(
    "replicas",
    "Several replicas",
    without="only one replica can run",
    optional=True,
    rules=(Rule("semaphore", ("create", "update"), "elect the replica that posts"),),
)
USER_LOOKUP = Feature(
    "user_lookup",
    "Linked users",
    without="the bot can't find the users behind commands and DMs",
    rules=(Rule("user", ("list", "read"), "map Slack users to Teleport users"),),
    scopes=(Scope("users:read", "find the Slack accounts of users"),),
)
DIRECT_MESSAGES = Feature(
    "direct_messages",
    "DMs to requesters and suggested reviewers",
    without="the bot can't send DMs",
    scopes=(Scope("chat:write", "send DMs"),),
    manifest=(
        ManifestEntry(
            ("features", "app_home"),
            {
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "show DMs in the Messages tab, where users can't reply",
        ),
    ),
)
DM_CHECKS = Feature(
    "dm_checks",
    "Check of DM recipients before the first message",
    without="the bot can't open direct messages before it writes to a user",
    optional=True,
    scopes=(Scope("im:write", "open a DM before the first message"),),
)
PUBLIC_CHANNEL_CHECKS = Feature(
    "public_channel_checks",
    "Check of public channels before the first message",
    without="the bot can't check public channels, and posts to them by name, even if another"
    " organization shares them",
    optional=True,
    scopes=(Scope("channels:read", "find public channels, and see which ones are shared"),),
)
PRIVATE_CHANNEL_CHECKS = Feature(
    "private_channel_checks",
    "Check of private channels before the first message",
    without="the bot can't check private channels, and posts to them by name, even if another"
    " organization shares them",
    optional=True,
    scopes=(Scope("groups:read", "find private channels, and see which ones are shared"),),
)
EMAIL_RECIPIENTS = Feature(
    "email_recipients",
    "Email addresses in the settings",
    without="the bot can't find users by email address",
    setting="role_to_recipients, slack.fallback_channel, review.allow_email_username_match",
    is_on=lambda choices: choices.email,
    scopes=(_BY_EMAIL,),
)
EMAIL_REVIEWERS = Feature(
    "email_reviewers",
    "Email addresses as suggested reviewers",
    without="suggested reviewers with an email address get no DM",
    optional=True,
    scopes=(_BY_EMAIL,),
)
COMMANDS_AND_BUTTONS = Feature(
    "commands",
    "Commands, buttons and forms",
    without="commands don't reach the bot",
    setting="slack.app_token",
    is_on=lambda choices: choices.from_slack,
    scopes=(Scope("commands", "receive slash commands"),),
    manifest=(
        ManifestEntry(
            ("settings", "socket_mode_enabled"), value=True, reason="receive events without a URL"
        ),
        ManifestEntry(
            ("settings", "interactivity"), {"is_enabled": True}, "receive buttons and forms"
        ),
        _slash_commands(PENDING, reason="list pending requests"),
    ),
)
USER_CHECKS = Feature(
    "user_checks",
    "Check of locks and roles before each command",
    without="the bot rejects every command",
    setting="slack.app_token",
    is_on=lambda choices: choices.from_slack,
    rules=(
        Rule("role", ("list", "read"), "check who can request and review what"),
        Rule("user_login_state", ("read",), "read roles granted by access lists"),
        Rule("lock", ("list", "read"), "reject locked users"),
    ),
)
APP_HOME = Feature(
    "app_home",
    "App Home with a user's requests",
    without="App Home stays empty",
    setting="slack.app_token",
    is_on=lambda choices: choices.from_slack,
    optional=True,
    manifest=(
        ManifestEntry(("features", "app_home"), {"home_tab_enabled": True}, "show the Home tab"),
        ManifestEntry(
            ("settings", "event_subscriptions"),
            {"bot_events": [HOME_OPENED]},
            "publish the Home tab when a user opens it",
        ),
    ),
)
CREATE_REQUESTS = Feature(
    "create_requests",
    "Access requests from Slack",
    without="users can't request access from Slack",
    setting="request.enabled",
    is_on=lambda choices: choices.from_slack and choices.requests,
    rules=(Rule("access_request", ("create",), "create requests for users"),),
    manifest=(
        _slash_commands(REQUEST, reason="request access"),
        ManifestEntry(
            ("features", "shortcuts"),
            [
                {
                    "name": shortcut.name,
                    "type": "message" if shortcut.for_messages else "global",
                    "callback_id": shortcut.callback_id,
                    "description": shortcut.description,
                }
                for shortcut in SHORTCUTS
            ],
            "request access from the shortcuts menu, or from a message",
        ),
    ),
)
CANCEL_REQUESTS = Feature(
    "cancel_requests",
    "Cancel the user's own pending request",
    without="users can't cancel their requests from Slack",
    is_on=lambda choices: choices.from_slack and choices.requests,
    optional=True,
    opt_in=True,
    role_option="--cancel",
    rules=(Rule("access_request", ("delete",), "delete a user's own pending request"),),
)
LOCKED_CARDS = Feature(
    "locked_cards",
    "Locks on cards and DMs",
    without="cards and DMs don't show that a request is locked",
    optional=True,
    rules=(Rule("lock", ("list", "read"), "show locked requests"),),
)
LOCK_ACCESS = Feature(
    "lock_access",
    "Lock approved access",
    without="users can't lock approved access from Slack",
    setting="review.locks",
    is_on=lambda choices: choices.from_slack and choices.locks,
    optional=True,
    opt_in=True,
    role_option="--locks",
    rules=(Rule("lock", ("create", "update"), "lock the access of an approved request"),),
)
REVIEWS = Feature(
    "reviews",
    "Reviews from Slack",
    without="users can't review requests from Slack",
    setting="review.enabled",
    is_on=lambda choices: choices.mode is not ReviewMode.OFF,
    manifest=(_slash_commands(APPROVE, DENY, reason="review requests"),),
)
REVIEWS_ON_BEHALF = Feature(
    "reviews_on_behalf",
    "Reviews on behalf of users (mode `person`)",
    without="users can't review requests from Slack",
    setting="review.mode",
    is_on=lambda choices: choices.mode is ReviewMode.PERSON,
    fields=(
        RoleField(
            "review_requests.submit_for_users",
            '["*"]',
            "submit reviews on behalf of users; each user's own roles apply",
            can_submit_on_behalf,
        ),
    ),
)
REVIEWS_BY_OVERRIDE = Feature(
    "reviews_by_override",
    "Reviews by approvers (mode `override`)",
    without="users can't review requests from Slack",
    setting="review.mode, role_to_approvers",
    is_on=lambda choices: choices.mode is ReviewMode.OVERRIDE,
    rules=(Rule("access_request", ("update",), "set the state of requests for approvers"),),
)
HOST_NAMES = Feature(
    "host_names",
    "Host names on cards",
    without="cards show the IDs of hosts instead of their names",
    is_on=lambda choices: choices.host_names,
    optional=True,
    fields=(
        # Servers with the mode `person` have Teleport's preset role for it. Community Edition
        # rejects review_requests, and 17.0 with Enterprise features has no such preset. Node labels
        # work on all of them. Most other kinds of resource have their name as ID.
        RoleField(
            "review_requests.preview_as_roles",
            "[list-access-request-resources]",
            "read host names; this allows no access to the hosts",
            can_list_hosts,
            modes=_ON_BEHALF,
        ),
        RoleField(
            "node_labels",
            "{'*': '*'}",
            "read host names; without logins, this allows no session",
            can_list_hosts,
            modes=frozenset(ReviewMode) - _ON_BEHALF,
        ),
    ),
)
RESOURCES = Feature(
    "resources",
    "Resources in the request form",
    without="the request form has no field for resources",
    is_on=lambda choices: choices.from_slack and choices.requests,
    optional=True,
    opt_in=True,
    role_option="--resources",
    fields=(
        RoleField(
            "review_requests.preview_as_roles",
            "[list-access-request-resources]",
            "list resources; this allows no access to them",
            can_preview_resources,
            modes=_ON_BEHALF,
        ),
        # The preset lists no desktops.
        RoleField(
            "windows_desktop_labels",
            "{'*': '*'}",
            "list desktops; without logins, this allows no session",
            can_list_desktops,
            modes=_ON_BEHALF,
        ),
        # Servers with other modes may lack the preset. Labels in the bot's own role would let it
        # open apps, which have no logins.
        RoleField(
            "review_requests.preview_as_roles",
            f"[{LISTING_ROLE}]",
            "list resources; this allows no access to them",
            can_preview_resources,
            modes=frozenset(ReviewMode) - _ON_BEHALF,
        ),
    ),
)
PUBLIC_CHANNEL_HISTORY = Feature(
    "public_channel_history",
    "Search for a lost message in public channels",
    without="messages with a lost response are posted again in public channels",
    optional=True,
    opt_in=True,
    scopes=(Scope("channels:history", "find the bot's own messages"),),
)
PRIVATE_CHANNEL_HISTORY = Feature(
    "private_channel_history",
    "Search for a lost message in private channels",
    without="messages with a lost response are posted again in private channels",
    optional=True,
    opt_in=True,
    scopes=(Scope("groups:history", "find the bot's own messages"),),
)
DM_HISTORY = Feature(
    "dm_history",
    "Search for a lost message in DMs",
    without="messages with a lost response are posted again in DMs",
    optional=True,
    opt_in=True,
    scopes=(Scope("im:history", "find the bot's own messages"),),
)
UNINVITED_POSTS = Feature(
    "uninvited_posts",
    "Cards in public channels without an invitation",
    without="public channels need an invitation, too",
    optional=True,
    opt_in=True,
    scopes=(Scope("chat:write.public", "post to public channels that the bot isn't in"),),
)

FEATURES = (
    REQUEST_CARDS,
    REPLICAS,
    USER_LOOKUP,
    DIRECT_MESSAGES,
    DM_CHECKS,
    PUBLIC_CHANNEL_CHECKS,
    PRIVATE_CHANNEL_CHECKS,
    EMAIL_RECIPIENTS,
    EMAIL_REVIEWERS,
    COMMANDS_AND_BUTTONS,
    USER_CHECKS,
    APP_HOME,
    CREATE_REQUESTS,
    CANCEL_REQUESTS,
    LOCKED_CARDS,
    LOCK_ACCESS,
    REVIEWS,
    REVIEWS_ON_BEHALF,
    REVIEWS_BY_OVERRIDE,
    HOST_NAMES,
    RESOURCES,
    PUBLIC_CHANNEL_HISTORY,
    PRIVATE_CHANNEL_HISTORY,
    DM_HISTORY,
    UNINVITED_POSTS,
)
