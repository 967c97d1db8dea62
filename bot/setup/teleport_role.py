"""Files that Teleport needs: the bot's role, the Machine ID bot and a configuration for tbot.

The role has exactly the permissions of the features that are on; each has its reason as a comment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.features.feature import Choices, Feature, RoleField
from bot.features.table import FEATURES, LISTING_ROLE, RESOURCES
from teleport_client.model.cluster import ClusterInfo, version_numbers
from workspace.requests.review_policy import ReviewMode

NAME = "teleport-chatops"
_DEFAULT = Choices()
_VERBS = ("list", "read", "create", "update", "delete")
"""Order of the verbs in a rule."""

_CREDENTIAL_TTL_SINCE = (17, 2, 8)
"""First tbot with the key `credential_ttl` (gravitational/teleport#52185)."""
_ROLE_V8_SINCE = (18,)
_CURRENT_TBOT = """\
For tbot 17.2.8 or later. Earlier ones call the key certificate_ttl. If yours stops with
#   field credential_ttl not found in type config.BotConfig
# use the file that `teleport-chatops teleport-role --tbot --server-version 17.0` prints."""
_OLDER_TBOT = """\
For tbot before 17.2.8. Later ones call the key credential_ttl. If yours stops with
#   field certificate_ttl not found
# use the file that `teleport-chatops teleport-role --tbot` prints."""


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A rule of the printed role: the rules of all features about one kind of resource."""

    resource: str
    verbs: tuple[str, ...]
    reasons: tuple[str, ...]


def rules(choices: Choices) -> Iterator[RoleRule]:
    """Yield one rule for each kind of resource."""
    needed = [rule for feature in _features(choices) for rule in feature.rules]
    for resource in dict.fromkeys(rule.resource for rule in needed):
        same = [rule for rule in needed if rule.resource == resource]
        verbs = {verb for rule in same for verb in rule.verbs}
        reasons = dict.fromkeys(rule.reason for rule in same)
        yield RoleRule(resource, tuple(sorted(verbs, key=_VERBS.index)), tuple(reasons))


def role(choices: Choices = _DEFAULT) -> str:
    """Return the role as YAML for `tctl create`.

    The version is v8 for `person` only, as in Teleport's own preset: each server with this mode
    accepts v8, and servers before 18 reject it.
    """
    lines = [
        "kind: role",
        f"version: {'v8' if choices.mode is ReviewMode.PERSON else 'v7'}",
        "metadata:",
        f"  name: {NAME}",
        "spec:",
        "  allow:",
        "    rules:",
    ]
    for rule in rules(choices):
        lines += [
            *(f"      # {reason}" for reason in rule.reasons),
            f"      - resources: [{rule.resource}]",
            f"        verbs: [{', '.join(rule.verbs)}]",
        ]
    return "\n".join([*lines, *_fields(choices), ""])


def _features(choices: Choices) -> Iterator[Feature]:
    for feature in FEATURES:
        wanted = not feature.role_option or feature.role_option in choices.opt_in
        if feature.is_on(choices) and wanted:
            yield feature


def _fields(choices: Choices) -> Iterator[str]:
    """Yield the lines of all fields that aren't rules, grouped by the section of their path."""
    sections: dict[str, list[RoleField]] = {}
    for feature in _features(choices):
        for field in feature.fields:
            if choices.mode in field.modes:
                section, _, _ = field.path.rpartition(".")
                sections.setdefault(section, []).append(field)
    for section, fields in sections.items():
        indent = "      " if section else "    "
        if section:
            yield f"    {section}:"
        for (path, value), reasons in _reasons(fields).items():
            yield from (f"{indent}# {reason}" for reason in reasons)
            yield f"{indent}{path.rpartition('.')[2]}: {value}"


def _reasons(fields: Sequence[RoleField]) -> Mapping[tuple[str, str], Sequence[str]]:
    """Return the reasons by path and value: two features can need the same field."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for field in fields:
        reasons.setdefault((field.path, field.value), []).append(field.reason)
    return reasons


def _listing_role(choices: Choices) -> str:
    """Return the role that shows resources, if the bot's role names it; else nothing."""
    needed = any(
        choices.mode in field.modes and LISTING_ROLE in field.value for field in RESOURCES.fields
    )
    if RESOURCES not in _features(choices) or not needed:
        return ""
    kinds = ("app", "db", "kubernetes", "node", "windows_desktop")
    return "\n".join(
        [
            "kind: role",
            "version: v7",
            "metadata:",
            f"  name: {LISTING_ROLE}",
            "spec:",
            "  # No user needs this role. The bot lists resources with it.",
            "  allow:",
            *(f"    {kind}_labels: {{'*': '*'}}" for kind in kinds),
            "---",
            "",
        ]
    )


def bot() -> str:
    """Return the Machine ID bot as YAML for `tctl create`."""
    return f"""\
kind: bot
version: v1
metadata:
  name: {NAME}
spec:
  roles: [{NAME}]
"""


def resources(choices: Choices = _DEFAULT) -> str:
    """Return the input of `tctl create -f`: the roles and the bot."""
    return f"{_listing_role(choices)}{role(choices)}---\n{bot()}"


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


def tbot(version: str = "") -> str:
    """Return a configuration with which tbot renews an identity file.

    `version` is tbot's, the current one if empty. tbot exits if its configuration has an unknown
    key (KnownFields in lib/tbot/config/config.go).
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

# Access that the bot requests ends with the bot's certificate, unless the user chooses a duration
# and one of the user's roles has allow.request.max_duration.
# 12h is Teleport's maximum for a bot without max_session_ttl.
{"certificate_ttl" if older else "credential_ttl"}: 12h
renewal_interval: 20m

services:
  - type: identity
    destination:
      type: directory
      # The bot reads the file `identity` in here, with teleport.refresh_identity = true.
      path: /var/lib/{NAME}
"""
