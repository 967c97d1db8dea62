"""All settings. Environment variables override the TOML file.

Sections and keys of Teleport's own Slack plugin keep their names, so its file works unchanged. The
environment variable of a key is `TELEPORT_CHATOPS_` + section + `__` + key. The variables
SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_API_URL are supported, too.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.settings.mistakes import find_mistakes
from bot.settings.names import Key, dotted, keys, variable
from bot.settings.plugin_settings import unneeded, without_unneeded
from bot.settings.sources import Source, ignored_variables, read_environment, read_file
from bot.settings.value_types import (
    ANY_ROLE,
    Address,
    ByRole,
    Duration,
    DurationOrOff,
    FlagOrNames,
    LogOutput,
    Names,
    Recipient,
    RecipientsByRole,
    RefreshInterval,
    Secret,
    Severity,
    SlackUrl,
)
from workspace.directory.user_directory import DEFAULT_TRAIT
from workspace.requests.request_draft import MOST_REVIEWERS

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SettingsError(Exception):
    """Invalid settings, with one line of text for each mistake, and one for the hint if any."""

    def __init__(self, *mistakes: str, hint: str = "") -> None:
        super().__init__("\n".join(filter(None, (*mistakes, hint))))
        self.mistakes = mistakes
        self.hint = hint


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TeleportSettings(_Section):
    addr: Address = "localhost:3025"
    """Host and port of the Auth Service, or of a proxy with TLS routing."""
    auth_server: Address | None = None
    """Older name of `addr`; ignored if both are set."""
    connection_upgrade: bool | None = None
    """Whether a load balancer terminates TLS. Detected if unset."""
    identity: Path | None = None
    """Path of an identity file; alternative to the three key files below."""
    refresh_identity: bool = False
    """Reload the identity file regularly, because tbot renews it."""
    refresh_identity_interval: RefreshInterval = timedelta(minutes=1)
    client_key: Path | None = None
    client_crt: Path | None = None
    root_cas: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _addr_by_its_older_name(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not values.get("auth_server"):
            return values
        return {"addr": values["auth_server"]} | values


class SlackSettings(_Section):
    token: Secret
    """Bot token, `xoxb-…`, or the path of a file that contains it."""
    app_token: Secret | None = None
    """App-level token for Socket Mode, `xapp-…`. Without it the bot only notifies."""
    apiurl: SlackUrl = "https://slack.com/api/"
    recipients: Names = ()
    """Older form of role_to_recipients, one list for all roles; ignored if both are set."""
    allow_shared_channels: bool = False
    """Also post cards in channels shared with other organizations."""
    fallback_channel: Recipient = ""
    """Gets a warning for each unreachable recipient, and cards that no recipient can get."""


class ReviewSettings(_Section):
    enabled: bool | None = None
    """Review from Slack. If unset, an app token turns it on."""
    mode: Literal["auto", "person", "override", "notify"] = "auto"
    """How the bot records reviews in Teleport. `auto` is detected at startup."""
    link_only_roles: Names = ()
    """Roles that can never be reviewed from Slack."""
    app_token: Secret | None = None
    slack_user_id_trait: str = DEFAULT_TRAIT
    """Trait of Teleport users that contains the Slack user ID."""
    allow_email_username_match: bool = False
    """Also match a Slack user's confirmed email address with the Teleport user name."""
    max_reviewer_messages: int = Field(default=MOST_REVIEWERS, ge=0, le=50)
    """Maximum of DMs to suggested reviewers per request. The card names the others."""
    approve_with_reason: FlagOrNames = False
    """Require a reason for approvals, too: of all roles, or of those listed."""
    confirm_roles: Names = ()
    """Roles that a reviewer approves only after typing their names."""
    locks: bool = False
    """Let requesters and reviewers lock approved access."""

    @property
    def reason_roles(self) -> frozenset[str]:
        """Roles whose approval needs a reason; `*` stands for all roles."""
        if isinstance(self.approve_with_reason, bool):
            return frozenset({ANY_ROLE} if self.approve_with_reason else ())
        return frozenset(self.approve_with_reason)


class RequestSettings(_Section):
    enabled: bool = True
    """Request access from Slack."""
    warn_before_end: DurationOrOff = timedelta(minutes=10)
    """How long before the end of access the requester is warned; "0" turns warnings off."""


class LogSettings(_Section):
    output: LogOutput = "stderr"
    """`stderr`, `stdout` or a file."""
    severity: Severity = "info"
    format: Literal["auto", "json", "console"] = "auto"
    """`auto` is console on a terminal, JSON elsewhere."""


class HealthSettings(_Section):
    port: int = Field(default=0, ge=0, le=65_535)
    """Port for /healthz, /readyz and /metrics; 0 turns them off."""
    listen: str = "127.0.0.1"


class PaceSettings(_Section):
    factor: float = Field(default=1.0, ge=1.0, le=100.0)
    """Divides the outbox's intervals, the lease times and the pauses between attempts. Only for
    tests against the stand-ins, since Slack's own rate limits stay."""


class Settings(_Section):
    teleport: TeleportSettings
    slack: SlackSettings
    request: RequestSettings = RequestSettings()
    review: ReviewSettings = ReviewSettings()
    role_to_recipients: RecipientsByRole
    role_to_approvers: ByRole = {}
    """Users, or `role:` with a role, who can approve requests in override mode."""
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
    pace: PaceSettings = PaceSettings()
    start_timeout: Duration = timedelta(seconds=60)
    """How long startup waits for Teleport and Slack."""
    announce_max_age: Duration = timedelta(hours=24)
    """On the first start, one message summarizes older pending requests."""

    @model_validator(mode="before")
    @classmethod
    def _recipients_by_their_older_name(cls, values: dict[str, Any]) -> dict[str, Any]:
        slack = values.get("slack")
        older = slack.get("recipients") if isinstance(slack, dict) else None
        if older and not values.get("role_to_recipients"):
            return values | {"role_to_recipients": {"*": older}}
        return values

    @property
    def app_token(self) -> SecretStr | None:
        if self.review.enabled and self.review.app_token:
            return self.review.app_token
        return self.slack.app_token

    @property
    def can_decide(self) -> bool:
        """Whether cards have buttons, and commands submit reviews."""
        return self.app_token is not None and self.review.enabled is not False


def load_settings(config: Path | None) -> Settings:
    """Read the file, if any, and the environment. Raises SettingsError with all mistakes."""
    known = _known_keys()
    file = read_file(config)
    source = read_environment(os.environ, known).over(file)
    settings, error = _validate(source)
    mistakes = find_mistakes(source, error, known, complete=not file.mistakes)
    found = [*source.mistakes, *mistakes.texts]
    if settings is not None and not found:
        return settings
    found += [
        f"{name} has no effect. Did you mean {likely}?"
        for name, likely in ignored_variables(os.environ, known).items()
        if likely
    ]
    raise SettingsError(*found, hint=mistakes.hint)


def slack_user_id_trait(config: Path | None) -> str:
    """Read this one setting, even if others are missing. Raises SettingsError."""
    file = read_file(config)
    if file.mistakes:
        raise SettingsError(*file.mistakes)
    review = file.values.get("review")
    in_file = review.get("slack_user_id_trait") if isinstance(review, dict) else None
    given = os.environ.get(variable(("review", "slack_user_id_trait"))) or in_file
    if given is None:
        return ReviewSettings().slack_user_id_trait
    if not isinstance(given, str):
        raise SettingsError("Invalid setting review.slack_user_id_trait: use a string.")
    return given


def warn_of_ignored_settings(config: Path | None) -> None:
    """Log settings without effect: keys of Teleport's own plugin, and unknown variables."""
    known = _known_keys()
    source = read_environment(os.environ, known).over(read_file(config))
    for key, reason in unneeded(source.values).items():
        log.warning("setting_not_needed", key=dotted(key), place=source.place(key), reason=reason)
    for name, likely in ignored_variables(os.environ, known).items():
        log.warning("environment_variable_ignored", variable=name, suggestion=likely)


def _validate(source: Source) -> tuple[Settings | None, ValidationError | None]:
    values = {"teleport": {}, "slack": {}} | without_unneeded(source.values)
    try:
        return Settings.model_validate(values), None
    except ValidationError as error:
        return None, error


def _known_keys() -> list[Key]:
    return list(keys(Settings))
