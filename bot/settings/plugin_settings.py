"""Settings of Teleport's own Slack plugin that this bot doesn't need.

The plugin ignores unknown keys, so files still contain keys of its early versions
(gravitational/teleport-plugins, access/slack).
"""

from collections.abc import Mapping
from typing import Any

from bot.settings.names import Key

_REASONS: Mapping[Key, str] = {
    ("http",): "Slack sends clicks over Socket Mode, so the bot needs no address of its own",
    ("slack", "secret"): "Socket Mode needs no signing secret",
    ("slack", "notify_only"): "without slack.app_token the bot only notifies",
    ("slack", "channel"): "role_to_recipients names the channels",
}
"""Reason by key or section."""


def unneeded(values: Mapping[str, Any]) -> dict[Key, str]:
    """Return the keys in settings that the bot doesn't need, each with the reason."""
    return {key: reason for key, reason in _REASONS.items() if _contains(values, key)}


def without_unneeded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without those keys."""
    return {
        name: _keep_needed(name, value) for name, value in values.items() if (name,) not in _REASONS
    }


def _keep_needed(name: str, section: Any) -> Any:
    if not isinstance(section, dict):
        return section
    return {key: section[key] for key in section if (name, key) not in _REASONS}


def _contains(values: Any, key: Key) -> bool:
    if not key:
        return True
    return isinstance(values, dict) and key[0] in values and _contains(values[key[0]], key[1:])
