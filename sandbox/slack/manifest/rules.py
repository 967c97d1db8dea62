"""Slack's rules that concern more than one key of a manifest."""

from collections.abc import Iterator

from sandbox.slack.block_kit.schema import Problem
from sandbox.slack.manifest.schema import MANIFEST
from sandbox.slack.wire import JsonObject

_SCOPES_OF_EVENTS: dict[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "channel_archive": ("channels:read",),
    "channel_created": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_rename": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "emoji_changed": ("emoji:read",),
    "file_created": ("files:read",),
    "file_deleted": ("files:read",),
    "file_shared": ("files:read",),
    "group_archive": ("groups:read",),
    "group_rename": ("groups:read",),
    "link_shared": ("links:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "pin_added": ("pins:read",),
    "pin_removed": ("pins:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "subteam_created": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "team_domain_change": ("team:read",),
    "team_join": ("users:read",),
    "team_rename": ("team:read",),
    "user_change": ("users:read",),
}
"""Bot scopes of an event, one of which is needed; other events need none or aren't known here.

Source: docs.slack.dev/reference/events.
"""


def manifest_problems(manifest: object) -> list[Problem]:
    """Return why Slack rejects the manifest, empty if it accepts it."""
    problems = list(MANIFEST.problems(manifest, ""))
    if problems or not isinstance(manifest, dict):
        return problems
    return [*_about_transport(manifest), *_about_events(manifest)]


def settings_of(manifest: JsonObject, *path: str) -> JsonObject:
    """Return the object at the path below `settings`, empty if it is absent."""
    found: JsonObject = manifest.get("settings") or {}
    for name in path:
        found = found.get(name) or {}
    return found


def bot_scopes(manifest: JsonObject) -> set[str]:
    """Return the bot scopes, optional ones included."""
    scopes = (manifest.get("oauth_config") or {}).get("scopes") or {}
    return {*(scopes.get("bot") or ()), *(scopes.get("bot_optional") or ())}


def _about_transport(manifest: JsonObject) -> Iterator[Problem]:
    """Without Socket Mode, Slack needs an address to send events and interactions to."""
    if settings_of(manifest).get("socket_mode_enabled"):
        return
    events = settings_of(manifest, "event_subscriptions")
    if events and not events.get("request_url"):
        yield Problem(
            "Event Subscription requires either Request URL or Socket Mode Enabled",
            "/settings/event_subscriptions",
        )
    interactivity = settings_of(manifest, "interactivity")
    if interactivity.get("is_enabled") and not interactivity.get("request_url"):
        yield Problem("Interactivity requires a Request URL", "/settings/interactivity")


def _about_events(manifest: JsonObject) -> Iterator[Problem]:
    granted = bot_scopes(manifest)
    for index, event in enumerate(
        settings_of(manifest, "event_subscriptions").get("bot_events") or ()
    ):
        needed = _SCOPES_OF_EVENTS.get(event, ())
        if needed and not granted.intersection(needed):
            yield Problem(
                f"{event} requires the bot scope {' or '.join(needed)}",
                f"/settings/event_subscriptions/bot_events/{index}",
            )
