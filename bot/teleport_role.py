"""What Teleport has to be told of the bot: its role, itself, and how tbot renews its identity."""

from collections.abc import Iterator
from dataclasses import dataclass

from workspace.deciding import Mode

NAME = "teleport-chatops"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the role allows, and what the bot does with it."""

    resource: str
    verbs: tuple[str, ...]
    why: str


def rules(mode: Mode, *, asking: bool = True) -> Iterator[Rule]:
    """List the least that the bot needs to decide in this mode, and to ask for people."""
    verbs = ["list", "read"]
    if asking:
        verbs.append("create")
    if mode is Mode.OVERRIDE:
        verbs.append("update")
    yield Rule("access_request", tuple(verbs), "follow requests, and make them for people")
    yield Rule("access_plugin_data", ("list", "read", "update"), "remember which cards are where")
    yield Rule("semaphore", ("create", "update"), "let one of several replicas post")
    yield Rule("user", ("list", "read"), "find who somebody in Slack is")
    yield Rule("role", ("list", "read"), "tell who may ask for what, and decide")
    yield Rule("user_login_state", ("list", "read"), "roles that access lists give")
    if mode.from_slack:
        yield Rule("lock", ("list", "read"), "take no decision from somebody who is locked out")


def role(mode: Mode = Mode.PERSON, *, asking: bool = True) -> str:
    """Write the role as YAML for `tctl create`."""
    lines = [
        "kind: role",
        "version: v8",
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
    if mode is Mode.PERSON:
        lines += [
            "    review_requests:",
            "      # hand in the review of whoever clicked; that person's own roles decide",
            '      submit_for_users: ["*"]',
        ]
    return "\n".join([*lines, ""])


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


def resources(mode: Mode = Mode.PERSON, *, asking: bool = True) -> str:
    """Write all that `tctl create -f` needs."""
    return f"{role(mode, asking=asking)}---\n{bot()}"


def tbot() -> str:
    """Write a configuration for tbot that keeps an identity file fresh."""
    return f"""\
version: v2
# Address of your proxy, and the join token of the bot {NAME}.
proxy_server: teleport.example.com:443
onboarding:
  join_method: token
  token: {NAME}
storage:
  type: directory
  path: /var/lib/teleport/bot

# The longest that tbot gives. Access that the bot asks for in somebody's name ends with the bot's
# own certificate at the latest, unless a role's max_duration says how long it lasts.
credential_ttl: 24h
renewal_interval: 20m

services:
  - type: identity
    destination:
      type: directory
      # The bot reads the file `identity` in here, with teleport.refresh_identity = true.
      path: /var/lib/{NAME}
"""
