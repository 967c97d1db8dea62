"""Features of an installed app."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.slack.manifest.rules import settings_of
from sandbox.slack.wire import JsonObject


@dataclass(frozen=True)
class SlashCommand:
    """One command, with the description that Slack shows during typing."""

    name: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False
    """Whether Slack escapes users, channels and links in the text."""


@dataclass(frozen=True)
class Shortcut:
    """One shortcut, with its name in Slack's menus."""

    callback_id: str
    type: str
    """`global` or `message`."""
    name: str
    description: str


@dataclass(frozen=True)
class Features:
    """Triggers of the app that exist in the workspace."""

    commands: Mapping[str, SlashCommand]
    shortcuts: Mapping[str, Shortcut]
    """By callback ID."""
    events: tuple[str, ...]
    has_home: bool
    has_messages_tab: bool
    is_messages_tab_read_only: bool
    """Whether only the app can write in its DMs."""
    is_interactive: bool
    uses_socket_mode: bool = False

    @classmethod
    def read(cls, manifest: JsonObject) -> "Features":
        """Return the features of a valid manifest."""
        features = manifest.get("features") or {}
        app_home = features.get("app_home") or {}
        commands = map(_command, features.get("slash_commands") or ())
        subscriptions = settings_of(manifest, "event_subscriptions")
        return cls(
            commands={command.name: command for command in commands},
            shortcuts={
                entry["callback_id"]: Shortcut(**entry) for entry in features.get("shortcuts") or ()
            },
            events=tuple(subscriptions.get("bot_events") or ()),
            has_home=app_home.get("home_tab_enabled") or False,
            has_messages_tab=app_home.get("messages_tab_enabled") is not False,
            is_messages_tab_read_only=app_home.get("messages_tab_read_only_enabled") or False,
            is_interactive=settings_of(manifest, "interactivity").get("is_enabled") or False,
            uses_socket_mode=settings_of(manifest).get("socket_mode_enabled") or False,
        )

    def shortcuts_of(self, kind: str) -> tuple[Shortcut, ...]:
        """Return the shortcuts of a type."""
        return tuple(one for one in self.shortcuts.values() if one.type == kind)

    def to_json(self) -> JsonObject:
        """Return the features in the form of `GET /sandbox/app`."""
        return {
            "commands": [
                {"name": one.name, "description": one.description, "usage_hint": one.usage_hint}
                for one in self.commands.values()
            ],
            "shortcuts": sorted(self.shortcuts),
            "home": self.has_home,
            "events": list(self.events),
        }


NO_FEATURES = Features(
    commands={},
    shortcuts={},
    events=(),
    has_home=False,
    has_messages_tab=False,
    is_messages_tab_read_only=True,
    is_interactive=False,
)


def _command(entry: JsonObject) -> SlashCommand:
    return SlashCommand(
        entry["command"],
        entry["description"],
        entry.get("usage_hint") or "",
        entry.get("should_escape") or False,
    )
