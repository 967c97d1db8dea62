"""Settings: a TOML file, over it the environment, over that the command line.

Sections and keys of the official plugin keep their names. In the environment a key is
`TELEPORT_CHATOPS_` + section + `__` + key; one that is empty counts as not set, since compose files
write it so. SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_API_URL are understood as well.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.settings.plugin_settings import unneeded, without_unneeded
from bot.settings.setting_names import Key, dotted, keys, variable
from bot.settings.setting_sources import Source, ignored_variables, read_environment, read_file
from bot.settings.setting_values import (
    Address,
    ByRole,
    Duration,
    LogOutput,
    Names,
    Recipient,
    RecipientsByRole,
    RefreshInterval,
    Secret,
    Severity,
    SlackUrl,
)
from bot.settings.settings_mistakes import mistakes
from notifications.plan import REVIEWER_MESSAGES
from workspace.directory.user_directory import DEFAULT_TRAIT

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SettingsError(Exception):
    """Settings that the bot cannot start with: one line of text for each mistake."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TeleportSettings(_Section):
    addr: Address = "localhost:3025"
    """Host and port of the Auth Service, or of a proxy with TLS routing."""
    auth_server: Address | None = None
    """Older name of addr, which goes before it."""
    connection_upgrade: bool | None = None
    """Go through a load balancer that ends TLS. Unset: found out."""
    identity: Path | None = None
    """An identity file; or instead of it the three that follow."""
    refresh_identity: bool = False
    """Read the identity file again and again, since tbot renews it."""
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
    """The bot's token, `xoxb-…`, or the path of a file that holds it."""
    app_token: Secret | None = None
    """For Socket Mode, `xapp-…`. Without it the bot only notifies."""
    apiurl: SlackUrl = "https://slack.com/api/"
    recipients: Names = ()
    """Older form of role_to_recipients, which goes before it: one list for all roles."""
    allow_shared_channels: bool = False
    """Post cards also in channels that another company can read."""
    fallback_channel: Recipient = ""
    """Hears of recipients that cannot be reached, and gets the cards that nobody else would."""


class ReviewSettings(_Section):
    enabled: bool | None = None
    """Decide from Slack. Unset: if there is an app token."""
    mode: Literal["auto", "person", "override", "notify"] = "auto"
    """How decisions get into Teleport. `auto` is found out at start."""
    link_only_roles: Names = ()
    """Roles that are never decided from Slack."""
    app_token: Secret | None = None
    slack_user_id_trait: str = DEFAULT_TRAIT
    """The Teleport user trait that holds a person's Slack user id."""
    allow_email_username_match: bool = False
    """Also take a confirmed Slack e-mail address for the Teleport user of the same name."""
    max_reviewer_messages: int = Field(default=REVIEWER_MESSAGES, ge=0, le=50)
    """How many suggested reviewers of one request get a direct message. The card names the rest."""
    approve_with_reason: bool = False
    """Ask for a reason on approval too."""


class RequestSettings(_Section):
    enabled: bool = True
    """Ask for access from Slack."""


class LogSettings(_Section):
    output: LogOutput = "stderr"
    """`stderr`, `stdout` or a file."""
    severity: Severity = "info"
    format: Literal["auto", "json", "console"] = "auto"
    """`auto` is for people on a terminal, JSON elsewhere."""


class HealthSettings(_Section):
    port: int = Field(default=0, ge=0, le=65_535)
    """Of /healthz, /readyz and /metrics; 0 is off."""
    listen: str = "127.0.0.1"


class PaceSettings(_Section):
    factor: float = Field(default=1.0, ge=1.0, le=100.0)
    """Divides the outbox's pace, the times of the lease and what is waited between attempts. For
    trials against the stand-ins alone: Slack's own pace does not change by it."""


class Settings(_Section):
    teleport: TeleportSettings
    slack: SlackSettings
    request: RequestSettings = RequestSettings()
    review: ReviewSettings = ReviewSettings()
    role_to_recipients: RecipientsByRole
    role_to_approvers: ByRole = {}
    """Who may decide where the bot sets states itself: users, or `role:` and a role of theirs."""
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
    pace: PaceSettings = PaceSettings()
    start_timeout: Duration = timedelta(seconds=60)
    """How long to wait at start for a Teleport or a Slack that does not answer."""
    announce_max_age: Duration = timedelta(hours=24)
    """At the very first start, older pending requests are summed up in one line."""

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
        """Whether cards get buttons and the commands decide."""
        return self.app_token is not None and self.review.enabled is not False


def load_settings(config: Path | None) -> Settings:
    """Read the file, if any, and the environment. Raises SettingsError, with every mistake."""
    known = _known_keys()
    file = read_file(config)
    source = read_environment(os.environ, known).over(file)
    settings, error = _validate(source)
    found = [*source.mistakes, *mistakes(source, error, known, complete=not file.mistakes)]
    if settings is not None and not found:
        return settings
    found += [
        f"{name} sets nothing. Did you mean {likely}?"
        for name, likely in ignored_variables(os.environ, known).items()
        if likely
    ]
    raise SettingsError("\n".join(found))


def slack_user_id_trait(config: Path | None) -> str:
    """Read this one setting, even if others are missing. Raises SettingsError."""
    file = read_file(config)
    if file.mistakes:
        raise SettingsError("\n".join(file.mistakes))
    review = file.values.get("review")
    in_file = review.get("slack_user_id_trait") if isinstance(review, dict) else None
    given = os.environ.get(variable(("review", "slack_user_id_trait"))) or in_file
    if given is None:
        return ReviewSettings().slack_user_id_trait
    if not isinstance(given, str):
        raise SettingsError("The setting review.slack_user_id_trait cannot be used: not a text.")
    return given


def warn_of_ignored_settings(config: Path | None) -> None:
    """Log what sets nothing: keys of Teleport's own plugin, and variables meant for this bot."""
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
