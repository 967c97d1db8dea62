"""Settings: a TOML file, over it the environment, over that the command line.

Sections and keys of the official plugin keep their names. In the environment a key is
`TELEPORT_CHATOPS_` + section + `__` + key; one that is empty counts as not set, since compose files
write it so. SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_API_URL are understood as well.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pytimeparse.timeparse import timeparse

PREFIX = "TELEPORT_CHATOPS_"
_SECRET_FILE_BYTES = 2000
_MOST_SECONDS = 10 * 365 * 86_400
_MISSING = "missing_key"
"""Type of the error of a key that other keys make necessary."""
_SLACK_VARIABLES = {
    "SLACK_BOT_TOKEN": "token",
    "SLACK_APP_TOKEN": "app_token",
    "SLACK_API_URL": "apiurl",
}


class SettingsError(Exception):
    """Settings that the bot cannot start with, in one sentence that names the key."""


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    seconds = timeparse(value) if isinstance(value, str) else value
    if not isinstance(seconds, int | float) or not 0 < seconds < _MOST_SECONDS:
        raise ValueError("write a duration like 60s, 5m or 24h")
    return timedelta(seconds=seconds)


def _secret(value: object) -> object:
    """Read a secret that is given as the path of a file."""
    if not isinstance(value, str) or not value.startswith("/"):
        return value.strip() if isinstance(value, str) else value
    try:
        with Path(value).open("rb") as file:
            secret = file.read(_SECRET_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file {value} cannot be read: {error}") from error
    if not secret:
        raise ValueError(f"the file {value} is empty")
    return secret


def _recipients(value: object) -> object:
    """Take one name for many where a list is meant, and plain names for every role."""
    if isinstance(value, str):
        value = json.loads(value) if value.strip().startswith("{") else {"*": value.split(",")}
    if not isinstance(value, Mapping):
        raise ValueError('write it as a table, such as "*" = "access-requests"')  # noqa: TRY004
    return {role: _names(role, names) for role, names in value.items()}


def _names(role: str, names: object) -> list[str]:
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
        raise ValueError(f'"{role}" has to be a name or a list of names')
    return [name.strip() for name in listed if name.strip()]


def _recipients_for_all(value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not any(value.get("*", ())):
        raise ValueError('"*" has to name a channel, for the roles that are not named')
    return value


def _https_or_loopback(value: str) -> str:
    """The tokens travel there."""
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError("use https: the tokens are sent there")
    return value if value.endswith("/") else f"{value}/"


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
Secret: TypeAlias = Annotated[SecretStr, BeforeValidator(_secret)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TeleportSettings(_Section):
    addr: str = "localhost:3025"
    """Host and port of the Auth Service."""
    identity: Path | None = None
    """An identity file; or instead of it the three that follow."""
    client_key: Path | None = None
    client_crt: Path | None = None
    root_cas: Path | None = None

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
        if not self.identity and not given:
            raise PydanticCustomError(_MISSING, "not set", {"key": "identity"})
        return self


class SlackSettings(_Section):
    token: Secret
    """The bot's token, `xoxb-…`, or the path of a file that holds it."""
    app_token: Secret | None = None
    """For Socket Mode, `xapp-…`. Without it the bot only notifies."""
    apiurl: Annotated[str, AfterValidator(_https_or_loopback)] = "https://slack.com/api/"
    allow_shared_channels: bool = False
    """Post cards also in channels that another company can read."""


class ReviewSettings(_Section):
    enabled: bool | None = None
    """Decide from Slack. Unset: if there is an app token."""
    app_token: Secret | None = None
    slack_user_id_trait: str = "slack_uid"
    """The Teleport user trait that holds a person's Slack user id."""
    allow_email_username_match: bool = False
    """Also take a confirmed Slack e-mail address for the Teleport user of the same name."""
    approve_with_reason: bool = False
    """Ask for a reason on approval too."""


class LogSettings(_Section):
    output: str = "stderr"
    """`stderr`, `stdout` or a file."""
    severity: Literal["debug", "info", "warn", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
    """`auto` is for people on a terminal, JSON elsewhere."""


class HealthSettings(_Section):
    port: int = 0
    """Of /healthz, /readyz and /metrics; 0 is off."""
    listen: str = "127.0.0.1"


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
    review: ReviewSettings = ReviewSettings()
    role_to_recipients: Annotated[
        Mapping[str, tuple[str, ...]],
        NoDecode,
        BeforeValidator(_recipients),
        AfterValidator(_recipients_for_all),
    ]
    log: LogSettings = LogSettings()
    health: HealthSettings = HealthSettings()
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
        return {"teleport": {}, "slack": {}} | {
            section: {key: value for key, value in keys.items() if value != ""}
            if isinstance(keys, dict)
            else keys
            for section, keys in values.items()
        }

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
    try:
        return Settings(**_read_toml(config))
    except ValidationError as error:
        raise SettingsError(_explained(error)) from None


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
    except tomllib.TOMLDecodeError as error:
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
            f" environment as {', '.join(map(_variable, missing))}."
        )
    first = problems[0]
    if first["type"] == "extra_forbidden":
        return f"There is no setting {_key(first)}. The README lists what there is."
    said = str(first["msg"]).removeprefix("Value error, ")
    return f"The setting {_key(first)} cannot be used: {said}."


def _key(problem: Mapping[str, Any]) -> str:
    location = [str(part) for part in problem["loc"] if part != "function-wrap"]
    if problem["type"] == _MISSING:
        location.append(problem["ctx"]["key"])
    return ".".join(location)


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")
