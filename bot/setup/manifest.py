"""The Slack app manifest of all features (docs.slack.dev/reference/app-manifest)."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.features.feature import Feature
from bot.features.table import BOT_NAME, FEATURES
from commands.slash_commands import COMMANDS

_ORDER = [command.name for command in COMMANDS]


def manifest() -> dict[str, Any]:
    """Return the manifest. Slack accepts it as JSON for a new app."""
    made: dict[str, Any] = {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": BOT_NAME,
            "description": "Request and review Teleport access from Slack",
            "background_color": "#512fc9",
        },
        "features": {},
        "oauth_config": {"scopes": {"bot": list(scopes())}},
        "settings": {"org_deploy_enabled": False, "token_rotation_enabled": False},
    }
    for feature in _features():
        for entry in feature.manifest:
            _add(made, entry.path, entry.value)
    made["features"]["slash_commands"].sort(key=lambda each: _ORDER.index(each["command"]))
    return made


def scopes() -> tuple[str, ...]:
    """Return the scopes that the bot token needs for all features but the opt-in ones."""
    needed = (scope.name for feature in _features() for scope in feature.scopes)
    return tuple(dict.fromkeys(needed))


def _features() -> Iterator[Feature]:
    return (feature for feature in FEATURES if not feature.opt_in)


def _add(made: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set the value at this path. Join lists and merge objects."""
    key, *rest = path
    if rest:
        _add(made.setdefault(key, {}), tuple(rest), value)
    elif isinstance(value, list):
        made.setdefault(key, []).extend(value)
    elif isinstance(value, Mapping):
        made.setdefault(key, {}).update(value)
    else:
        made[key] = value
