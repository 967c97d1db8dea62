"""Settings: a TOML file, over it the environment, over that the command line.

Sections and keys of the official plugin keep their names. In the environment a key is
`TELEPORT_CHATOPS_` + section + `__` + key; one that is empty counts as not set, since compose files
write it so. SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_API_URL are understood as well.
"""

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import structlog
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from rapidfuzz import process

from bot.setting_names import PREFIX, keys, misplaced_section, unknown_variables, variable
from bot.setting_values import (
    Address,
    ByRole,
    Duration,
    LogOutput,
    Names,
    Recipient,
    Recipients,
    Secret,
    SlackUrl,
    lower_case,
)
from notifications.plan import REVIEWER_MESSAGES
from workspace.people import DEFAULT_TRAIT

_LEAST_ALIKE = 75
"""Per cent."""
_MISSING = "missing_key"
"""Type of the error of a key that other keys make necessary."""
_SLACK_VARIABLES = {
    "SLACK_BOT_TOKEN": "token",
    "SLACK_APP_TOKEN": "app_token",
    "SLACK_API_URL": "apiurl",
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class SettingsError(Exception):
    """Settings that the bot cannot start with, in one sentence that names the key."""


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
    refresh_identity_interval: Duration = timedelta(minutes=1)
    client_key: Path | None = None
    client_crt: Path | None = None
    root_cas: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _addr_by_its_older_name(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not values.get("auth_server"):
            return values
        return {"addr": values["auth_server"]} | values

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> Self:
        three = {
            "client_key": self.client_key,
            "client_crt": self.client_crt,
            "root_cas": self.root_cas,
        }
        given = [name for name, path in three.items() if path]
        missing = [name for name, path in three.items() if not path]
        if self.identity and given:
            raise ValueError(f"set either identity or {', '.join(three)}, not both")
        if not self.identity and given and missing:
            raise ValueError(f"{', '.join(missing)} missing: these three go together")
        if not self.identity and self.refresh_identity:
            raise ValueError("refresh_identity reads an identity file: set identity")
        if not self.identity and not given:
            raise PydanticCustomError(_MISSING, "not set", {"key": "identity"})
        return self


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
    severity: Annotated[
        Literal["debug", "info", "warn", "warning", "error"], BeforeValidator(lower_case)
    ] = "info"
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


class Settings(BaseSettings):
    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    teleport: TeleportSettings
    slack: SlackSettings
    request: RequestSettings = RequestSettings()
    review: ReviewSettings = ReviewSettings()
    role_to_recipients: Recipients
    role_to_approvers: ByRole = {}
    """Who may decide where the bot sets states itself: users, or `role:` and a role of theirs."""
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
    pace: PaceSettings = PaceSettings()
    start_timeout: Duration = timedelta(seconds=60)
    """How long to wait at start for a Teleport or a Slack that does not answer."""
    announce_max_age: Duration = timedelta(hours=24)
    """At the very first start, older pending requests are summed up in one line."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - compose reads .env
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see `_secret`
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        slack = InitSettingsSource(settings_cls, init_kwargs=_slack_variables())
        return env_settings, slack, init_settings

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_set(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take an empty text as not set, and report missing keys rather than missing sections."""
        given = {"teleport": {}, "slack": {}} | {
            section: {key: value for key, value in keys.items() if value != ""}
            if isinstance(keys, dict)
            else keys
            for section, keys in values.items()
        }
        slack = given["slack"]
        older = slack.get("recipients") if isinstance(slack, dict) else None
        if older and not given.get("role_to_recipients"):
            given["role_to_recipients"] = {"*": older}
        return given

    @model_validator(mode="after")
    def _app_token_for_deciding(self) -> Self:
        if self.review.enabled and self.app_token is None:
            raise PydanticCustomError(_MISSING, "not set", {"key": "slack.app_token"})
        return self

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
    """Read the file, if any, and the environment. Raises SettingsError."""
    section, instead = misplaced_section(keys(Settings), os.environ)
    if section:
        raise SettingsError(f"{section} sets nothing. Set each key by itself, such as {instead}.")
    try:
        return Settings(**_read_toml(config))
    except ValidationError as error:
        raise SettingsError(_explained(error)) from None


def slack_user_id_trait(config: Path | None) -> str:
    """Read this one setting, even if others are missing. Raises SettingsError."""
    review = _read_toml(config).get("review")
    in_file = review.get("slack_user_id_trait") if isinstance(review, dict) else None
    given = os.environ.get(variable("review.slack_user_id_trait")) or in_file
    if given is None:
        return ReviewSettings().slack_user_id_trait
    if not isinstance(given, str):
        raise SettingsError("The setting review.slack_user_id_trait cannot be used: not a text.")
    return given


def warn_of_ignored_variables() -> None:
    """Log what was perhaps meant to set something."""
    for name, likely in _ignored_variables():
        log.warning("variable_ignored", name=name, likely=likely or None)


def _read_toml(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        with config.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(
            f"The settings file {config} cannot be read: {error.strerror}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {config} is not valid TOML: {error}.") from None


def _slack_variables() -> dict[str, Any]:
    given = {key: os.environ.get(name) for name, key in _SLACK_VARIABLES.items()}
    return {"slack": {key: value for key, value in given.items() if value}}


def _explained(error: ValidationError) -> str:
    """Name what is missing, else the first key that is wrong, and where to set it."""
    problems = error.errors(include_url=False, include_input=False)
    missing = [_key(problem) for problem in problems if problem["type"] in {"missing", _MISSING}]
    if missing:
        return (
            f"Not set: {', '.join(missing)}. Set each in the file given with --config, or in the"
            f" environment as {', '.join(map(variable, missing))}.{_hint()}"
        )
    first = problems[0]
    if first["type"] == "extra_forbidden":
        return f"There is no setting {_key(first)}. {_likely(_key(first))}"
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"The setting {_key(first)} cannot be used: {said}."


def _likely(key: str) -> str:
    alike = process.extractOne(key, list(keys(Settings)), score_cutoff=_LEAST_ALIKE)
    return f"Did you mean {alike[0]}?" if alike else "The README lists what there is."


def _key(problem: Mapping[str, Any]) -> str:
    location = [str(part) for part in problem["loc"]]
    if problem["type"] == _MISSING:
        location.append(problem["ctx"]["key"])
    return ".".join(location)


def _ignored_variables() -> list[tuple[str, str]]:
    return list(unknown_variables(keys(Settings), os.environ))


def _hint() -> str:
    meant = [f"{name} (meant {likely}?)" for name, likely in _ignored_variables() if likely]
    return f" What is set and means nothing: {', '.join(meant)}." if meant else ""
