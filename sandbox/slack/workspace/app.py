"""The app, as it is installed in the workspace."""

from dataclasses import dataclass, field

from sandbox.cast import APP, APP_NAME, APP_TOKEN, BOT_TOKEN, SLACK_BOT, SLACK_BOT_ID, TEAM
from sandbox.slack.wire import JsonObject

_SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
)
_ANY_COMMAND = "/teleport-"


@dataclass(frozen=True)
class SlashCommand:
    """One command of the app, with what Slack shows while somebody types it."""

    command: str
    description: str = ""
    usage_hint: str = ""


@dataclass
class App:
    """Tokens, granted scopes, and what people can start it with."""

    id: str = APP
    name: str = APP_NAME
    team_id: str = TEAM
    team_domain: str = "sandbox"
    bot_user: str = SLACK_BOT
    bot_id: str = SLACK_BOT_ID
    bot_token: str = BOT_TOKEN
    app_token: str = APP_TOKEN
    app_of_app_token: str = APP
    """ID of the app that the app token belongs to."""
    socket_mode: bool = True
    """Whether Socket Mode is switched on in the app's settings."""
    enterprise: str = ""
    """ID of the Enterprise organization that the app is installed for, instead of a workspace."""
    scopes: set[str] = field(default_factory=lambda: set(_SCOPES))
    commands: dict[str, SlashCommand] = field(default_factory=dict)
    shortcuts: set[str] = field(default_factory=set)

    def install(self, manifest: JsonObject) -> None:
        """Take scopes, commands and shortcuts from an app manifest, as installing it does."""
        features = manifest.get("features", {})
        self.commands = {
            entry["command"]: SlashCommand(
                entry["command"], entry.get("description", ""), entry.get("usage_hint", "")
            )
            for entry in features.get("slash_commands", [])
        }
        self.shortcuts = {entry["callback_id"] for entry in features.get("shortcuts", [])}
        self.scopes = set(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))

    def has_command(self, command: str) -> bool:
        """Whether the app registered it; without a manifest every one of its prefix counts."""
        if self.commands:
            return command in self.commands
        return command.startswith(_ANY_COMMAND)

    def has_shortcut(self, callback_id: str) -> bool:
        return not self.shortcuts or callback_id in self.shortcuts
