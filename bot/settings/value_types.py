"""Types of single settings: accepted forms, and a text for each rejected value."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pytimeparse.timeparse import timeparse

from notifications.routing.recipient_names import parse_recipient

ANY_ROLE = "*"
_STREAMS = {"error": "stderr", "2": "stderr", "out": "stdout", "1": "stdout"}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
_GO_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
}  # fmt: skip
_GO_DURATION_PART = re.compile(rf"(\d+(?:\.\d*)?|\.\d+)({'|'.join(_GO_UNITS)})", re.ASCII)
_GO_DURATION = re.compile(rf"\+?(?:{_GO_DURATION_PART.pattern})+", re.ASCII)
_OFF = {"0", "0s", "0m", "0h"}
_SECRET_FILE_BYTES = 2000
_LEAST_SECONDS = 0.001
_MOST_SECONDS = 10 * 365 * 86_400


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    seconds = _seconds(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        seconds = 0
    if not _LEAST_SECONDS <= seconds < _MOST_SECONDS:
        raise ValueError("use a duration such as 60s, 5m or 24h")
    return timedelta(seconds=seconds)


def _seconds(text: str) -> float | None:
    """Parse a duration of Go (time.ParseDuration), such as 1h30m15s500ms, or a free form."""
    if _GO_DURATION.fullmatch(text):
        parts = _GO_DURATION_PART.findall(text)
        return sum(float(number) * _GO_UNITS[unit] for number, unit in parts)
    seconds: float | None = timeparse(text)
    return seconds


def _refresh_interval(value: object) -> object:
    """Parse a duration; zero means the default, as in Teleport's own plugin."""
    return timedelta(minutes=1) if str(value) in _OFF else _duration(value)


def _duration_or_off(value: object) -> object:
    """Parse a duration; zero turns the feature off."""
    return timedelta() if str(value) in _OFF else _duration(value)


def _severity(value: object) -> object:
    """Accept any case, and the names in Teleport's own plugin."""
    name = value.lower() if isinstance(value, str) else value
    return {"err": "error", "trace": "debug"}.get(str(name), name)


def _secret(value: object) -> object:
    """Return the secret, or the content of the file if the value is an absolute path."""
    if not isinstance(value, str) or not value.startswith("/"):
        return value.strip() if isinstance(value, str) else value
    try:
        with Path(value).open("rb") as file:
            secret = file.read(_SECRET_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"can't read file {value}: {error}") from error
    if not secret:
        raise ValueError(f"the file {value} is empty")
    return secret


def _address(value: str) -> str:
    try:
        parts = urlsplit(f"//{value}")
        whole = parts.hostname and parts.port and parts.netloc == value
    except ValueError:
        whole = False
    if not whole:
        raise ValueError(
            "use host and port, such as auth.example.com:3025 or example.teleport.sh:443"
        )
    return value


def _https_or_loopback(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError("use https: tokens are sent to this URL")
    return value if value.endswith("/") else f"{value}/"


def _log_output(value: str) -> str:
    """Accept a stream, by its name here or in Teleport's own plugin, or a file's path.

    A path needs a slash or a dot, so that a misspelled stream doesn't become a file.
    """
    stream = _STREAMS.get(value, value)
    if stream not in _STREAMS.values() and not {"/", "."} & set(value):
        raise ValueError(f"use stderr, stdout or a path, such as ./{value}")
    return stream


def _by_role(value: object) -> object:
    """Accept a single name instead of a list, and a list instead of a table for all roles."""
    if isinstance(value, str):
        value = _from_text(value.strip())
    if isinstance(value, list):
        value = {ANY_ROLE: value}
    if not isinstance(value, Mapping):
        raise ValueError('use a table, such as "*" = "access-requests"')  # noqa: TRY004
    return {role: _list(role, names) for role, names in value.items()}


def _from_text(text: str) -> object:
    if not text.startswith(("{", "[")):
        return text.split(",")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"invalid JSON: {error}") from None


def _list(role: str, names: object) -> list[str]:
    listed = _from_text(names.strip()) if isinstance(names, str) else names
    if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
        raise ValueError(f'"{role}" must be a name or a list of names')
    return [name.strip() for name in listed if name.strip()]


def _names(value: object) -> object:
    return _list("value", value)


def _flag_or_names(value: object) -> object:
    """Accept true or false, or names. In the environment, both are texts."""
    if isinstance(value, str) and value.strip().lower() in _FLAGS:
        return _FLAGS[value.strip().lower()]
    return value if isinstance(value, bool) else _list("value", value)


def _recipients(value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    return {role: tuple(map(parse_recipient, names)) for role, names in value.items()}


def _recipient(value: str) -> str:
    return parse_recipient(value.strip()) if value.strip() else ""


def _for_all_roles(value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not any(value.get(ANY_ROLE, ())):
        raise ValueError('"*" needs a recipient for roles that aren\'t listed')
    return value


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
DurationOrOff: TypeAlias = Annotated[timedelta, BeforeValidator(_duration_or_off)]
RefreshInterval: TypeAlias = Annotated[timedelta, BeforeValidator(_refresh_interval)]
Severity: TypeAlias = Annotated[
    Literal["debug", "info", "warn", "warning", "error"], BeforeValidator(_severity)
]
Secret: TypeAlias = Annotated[SecretStr, BeforeValidator(_secret)]
"""The secret itself, or the absolute path of a file that contains it."""
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
"""Host and port."""
SlackUrl: TypeAlias = Annotated[str, AfterValidator(_https_or_loopback)]
LogOutput: TypeAlias = Annotated[str, AfterValidator(_log_output)]
Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_names)]
FlagOrNames: TypeAlias = Annotated[bool | tuple[str, ...], BeforeValidator(_flag_or_names)]
ByRole: TypeAlias = Annotated[Mapping[str, tuple[str, ...]], BeforeValidator(_by_role)]
"""A table. The environment can also have JSON, or plain names for all roles."""
Recipient: TypeAlias = Annotated[str, AfterValidator(_recipient)]
RecipientsByRole: TypeAlias = Annotated[
    ByRole, AfterValidator(_recipients), AfterValidator(_for_all_roles)
]
