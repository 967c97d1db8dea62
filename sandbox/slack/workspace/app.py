"""The app as installed in the workspace."""

from dataclasses import dataclass, field

from sandbox.cast import APP, APP_NAME, APP_TOKEN, BOT_TOKEN, SLACK_BOT, SLACK_BOT_ID, TEAM
from sandbox.slack.manifest.document import check_manifest
from sandbox.slack.manifest.features import Features, SlashCommand
from sandbox.slack.manifest.rules import bot_scopes

_SCOPES = (
    "commands",
    "chat:write",
    "im:write",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
)


@dataclass
class App:
    """Tokens, granted scopes and features."""

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
    """Whether Socket Mode is on in the app's settings."""
    enterprise: str = ""
    """ID of the Enterprise organization that the app is installed for, instead of a workspace."""
    scopes: set[str] = field(default_factory=lambda: set(_SCOPES))
    features: Features | None = None
    """Features of the installed manifest. None before the installation, when all are allowed."""

    def install(self, manifest: object) -> None:
        """Take name, scopes and features from the manifest. Raises ManifestError."""
        valid = check_manifest(manifest)
        self.name = valid["display_information"]["name"]
        self.scopes = bot_scopes(valid)
        self.features = Features.read(valid)

    def command(self, name: str) -> SlashCommand | None:
        """Return the command, or None if the app has no such command."""
        if self.features is None:
            return SlashCommand(name) if name.startswith("/") else None
        return self.features.commands.get(name)

    def has_shortcut(self, callback_id: str, kind: str) -> bool:
        if self.features is None:
            return True
        shortcut = self.features.shortcuts.get(callback_id)
        return shortcut is not None and shortcut.type == kind

    def subscribes_to(self, event: str) -> bool:
        return self.features is None or event in self.features.events

    @property
    def has_home(self) -> bool:
        return self.features is None or self.features.has_home

    @property
    def has_messages_tab(self) -> bool:
        return self.features is None or self.features.has_messages_tab

    @property
    def takes_messages(self) -> bool:
        """Whether people can write to the app in their DMs."""
        features = self.features
        if features is None:
            return True
        return features.has_messages_tab and not features.is_messages_tab_read_only

    @property
    def is_interactive(self) -> bool:
        return self.features is None or self.features.is_interactive
