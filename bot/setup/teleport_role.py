"""Files that Teleport needs: the bot's role, the Machine ID bot and a configuration for tbot."""

from collections.abc import Iterator
from dataclasses import dataclass

from teleport_client.model.cluster import ClusterInfo, version_numbers
from workspace.requests.review_policy import ReviewMode

NAME = "teleport-chatops"

_CREDENTIAL_TTL_SINCE = (17, 2, 8)
"""First tbot with the key `credential_ttl` (gravitational/teleport#52185)."""
_ROLE_V8_SINCE = (18,)
_CURRENT_TBOT = """\
For tbot 17.2.8 or later. Earlier ones call the key certificate_ttl. If yours stops with
#   field credential_ttl not found in type config.BotConfig
# take the file that `teleport-chatops teleport-role --tbot --server-version 17.0` prints."""
_OLDER_TBOT = """\
For tbot before 17.2.8. Later ones call the key credential_ttl. If yours stops with
#   field certificate_ttl not found
# take the file that `teleport-chatops teleport-role --tbot` prints."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the role allows, and what the bot does with it."""

    resource: str
    verbs: tuple[str, ...]
    why: str


def rules(mode: ReviewMode, *, asking: bool = True) -> Iterator[Rule]:
    """List the least that the bot needs to decide in this mode, and to ask for people."""
    verbs = ["list", "read"]
    if asking:
        verbs.append("create")
    if mode is ReviewMode.OVERRIDE:
        verbs.append("update")
    yield Rule("access_request", tuple(verbs), "follow requests, and make them for people")
    yield Rule("access_plugin_data", ("list", "read", "update"), "remember which cards are where")
    yield Rule("semaphore", ("create", "update"), "let one of several replicas post")
    yield Rule("user", ("list", "read"), "find who somebody in Slack is")
    yield Rule("role", ("list", "read"), "tell who may ask for what, and decide")
    yield Rule("user_login_state", ("read",), "roles granted by access lists")
    yield Rule("lock", ("list", "read"), "reject locked users")


def role(mode: ReviewMode = ReviewMode.PERSON, *, asking: bool = True, names: bool = True) -> str:
    """Write the role as YAML for `tctl create`.

    The version is v8 for `person` only, as in Teleport's own preset: each server with this mode
    accepts v8, and servers before 18 reject it. `names` adds the permission to read host names.
    """
    lines = [
        "kind: role",
        f"version: {'v8' if mode is ReviewMode.PERSON else 'v7'}",
        "metadata:",
        f"  name: {NAME}",
        "spec:",
        "  allow:",
        "    rules:",
    ]
    for rule in rules(mode, asking=asking):
        lines += [
            f"      # {rule.why}",
            f"      - resources: [{rule.resource}]",
            f"        verbs: [{', '.join(rule.verbs)}]",
        ]
    if mode is ReviewMode.PERSON:
        lines += [
            "    review_requests:",
            "      # submit the review of the user who clicked; that user's own roles decide",
            '      submit_for_users: ["*"]',
        ]
    if names:
        lines += _host_names(mode)
    return "\n".join([*lines, ""])


def _host_names(mode: ReviewMode) -> list[str]:
    """Return the permission to read host names, which no server denies but lists as empty.

    Servers with the mode `person` have Teleport's preset role for it. Community Edition rejects
    review_requests, and 17.0 with Enterprise features has no such preset. Node labels work on all
    of them, and allow no session without logins. Most other kinds have their name as ID.
    """
    if mode is ReviewMode.PERSON:
        return [
            "      # show host names on cards instead of IDs; this gives no access to the hosts",
            "      preview_as_roles: [list-access-request-resources]",
        ]
    return [
        "    # show host names on cards instead of IDs; without logins, this allows no session",
        "    node_labels:",
        "      '*': '*'",
    ]


def bot() -> str:
    """Write the Machine ID bot as YAML for `tctl create`."""
    return f"""\
kind: bot
version: v1
metadata:
  name: {NAME}
spec:
  roles: [{NAME}]
"""


def resources(
    mode: ReviewMode = ReviewMode.PERSON, *, asking: bool = True, names: bool = True
) -> str:
    """Write all that `tctl create -f` needs."""
    return f"{role(mode, asking=asking, names=names)}---\n{bot()}"


def rejected_line(mode: ReviewMode, cluster: ClusterInfo) -> str:
    """Return the first line of the printed role that this server rejects; empty if there is none.

    Community Edition: `checkRoleFeatureSupport` in lib/auth/auth_with_roles.go. A server drops a
    field that it doesn't know, such as `submit_for_users`, without an error.
    """
    if mode is not ReviewMode.PERSON or cluster.supports_on_behalf_reviews:
        return ""
    if version_numbers(cluster.version) < _ROLE_V8_SINCE:
        return "version: v8"
    return "submit_for_users" if cluster.advanced_workflows else "review_requests"


def command(mode: ReviewMode, *, asking: bool = True) -> str:
    """Return the command that prints the role for this mode."""
    return f"teleport-chatops teleport-role --mode {mode}{'' if asking else ' --no-asking'}"


def tbot(version: str = "") -> str:
    """Write a configuration for tbot that keeps an identity file fresh.

    `version` is tbot's, the current one if empty. tbot exits if its configuration has a key that
    it doesn't know (KnownFields in lib/tbot/config/config.go).
    """
    older = version != "" and version_numbers(version) < _CREDENTIAL_TTL_SINCE
    return f"""\
# {_OLDER_TBOT if older else _CURRENT_TBOT}
version: v2
# Address of your proxy, and the join token of the bot {NAME}.
proxy_server: teleport.example.com:443
onboarding:
  join_method: token
  token: {NAME}
storage:
  type: directory
  path: /var/lib/teleport/bot

# Access that the bot requests ends with the bot's own certificate at the latest, unless a role's
# max_duration allows more. 12h is the most that Teleport gives a bot without a max_session_ttl.
{"certificate_ttl" if older else "credential_ttl"}: 12h
renewal_interval: 20m

services:
  - type: identity
    destination:
      type: directory
      # The bot reads the file `identity` in here, with teleport.refresh_identity = true.
      path: /var/lib/{NAME}
"""
