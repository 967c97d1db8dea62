"""Logs have fixed event names and contain no secrets."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, TextIO

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.observe.logs import _Handler, configure_logs, hide_secrets, reopen_log, without_secrets
from bot.settings.settings import LogSettings
from tests.cpu_limit import cpu_limit

SECRETS = (
    "xoxb-1234-abcDEF",
    "xapp-1-A0-99-abc",
    "https://hooks.slack.com/commands/T1/2/abc",
    "7143447.349669.0123456789abcdef0123456789abcdef",
    "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----",
)


@pytest.fixture
def restored() -> Iterator[None]:
    """Restore the logging configuration afterwards."""
    root = logging.getLogger()
    before = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, root.level = before[0], before[1]
    structlog.configure(**before[2])


@pytest.fixture
def lines(restored: None, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return the written log lines, parsed as JSON."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logs(LogSettings(format="json"))
    return stream


def our_handler() -> "logging.StreamHandler[TextIO]":
    (handler,) = (each for each in logging.getLogger().handlers if type(each) is _Handler)
    return handler


def read(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_event_is_one_line_with_its_fields(lines: io.StringIO) -> None:
    """Time and severity come first, where a reader looks for them."""
    structlog.get_logger("x").info("message_posted", request_id="i", seconds=0.5)
    (event,) = read(lines)
    assert list(event)[:3] == ["timestamp", "level", "event"]
    assert (event["event"], event["level"], event["seconds"]) == ("message_posted", "info", 0.5)


def test_library_message_is_a_field(lines: io.StringIO) -> None:
    """Event names stay fixed."""
    logging.getLogger("some.library").warning("it is %s", "odd")
    (event,) = read(lines)
    assert (event["event"], event["message"], event["logger"]) == (
        "library_log",
        "it is odd",
        "some.library",
    )


@pytest.mark.parametrize("name", ["grpc", "grpc._cython.cygrpc", "slack_sdk.web", "asyncio"])
def test_libraries_log_nothing_below_warning(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("sys.stderr", lines)
    configure_logs(LogSettings(format="json", severity="debug"))
    logger = logging.getLogger(name)
    logger.debug("Loaded running loop")
    logger.info("connected")
    logger.warning("lost")
    assert [event["message"] for event in read(lines)] == ["lost"]


def test_severity_is_kept(lines: io.StringIO) -> None:
    """Cover also lazily formatted records."""
    structlog.get_logger("x").debug("detail")
    assert read(lines) == []


def test_exception_is_logged_with_cause_and_without_secrets(lines: io.StringIO) -> None:
    """Tracebacks quote messages, and messages quote tokens."""
    try:
        raise ValueError(f"refused: {SECRETS[0]}")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    (event,) = read(lines)
    assert "ValueError: refused: [hidden]" in str(event["exception"])


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_event_on_a_full_disk_is_one_line_without_secrets(
    restored: None,
    capsys: pytest.CaptureFixture[str],
    log_format: Literal["json", "console"],
) -> None:
    """The standard library would print the record, its arguments and a traceback."""
    configure_logs(LogSettings(format=log_format, output="/dev/full"))
    try:
        raise ValueError(f"refused: {SECRETS[0]}")
    except ValueError:
        structlog.get_logger("x").exception("failed", address=SECRETS[2])
        logging.getLogger("some.library").exception("it is %s", SECRETS[1])
    with suppress(OSError):
        our_handler().stream.close()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "log_not_written: failed (OSError(28, 'No space left on device'))"
    assert second == "log_not_written: some.library (OSError(28, 'No space left on device'))"


def test_log_continues_in_the_old_file_when_reopening_fails(restored: None, tmp_path: Path) -> None:
    path, rotated = tmp_path / "bot.log", tmp_path / "bot.log.1"
    configure_logs(LogSettings(format="json", output=str(path)))
    path.rename(rotated)
    path.mkdir()
    reopen_log()
    (line,) = rotated.read_text().splitlines()
    our_handler().stream.close()
    assert json.loads(line)["event"] == "log_reopen_failed"
    assert json.loads(line)["error"] == "Is a directory"


def test_malformed_record_is_one_line_without_secrets(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """A library's format string with too few placeholders."""
    record = logging.LogRecord(SECRETS[0], logging.INFO, "", 1, SECRETS[1], (SECRETS[2],), None)
    our_handler().handle(record)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("log_not_written: [hidden] (TypeError")


def test_record_carries_no_secret(lines: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    """Other handlers, such as a library's own, get the same record."""
    structlog.get_logger("x").info("message_posted", address=SECRETS[2])
    (record,) = caplog.records
    assert SECRETS[2] not in str(vars(record))


@given(
    st.sampled_from(SECRETS),
    st.text("abc ,.:/", max_size=20),
    st.sampled_from([str, lambda s: {"k": s}, lambda s: [s], ValueError]),
)
def test_secrets_are_hidden_in_every_kind_of_value(
    secret: str, around: str, wrapped: Callable[[str], object]
) -> None:
    event = hide_secrets(None, "", {"any": wrapped(f"{around} {secret} {around}")})
    assert secret not in str(event)
    assert "[hidden]" in str(event)


def test_prefix_of_a_token_is_not_hidden() -> None:
    hint = "Use an xoxb- token for slack.token and an xapp- token for slack.app_token."
    assert without_secrets(hint) == hint


@pytest.mark.parametrize(
    "part",
    [
        "xox",
        "xoxb",
        "1.",
        "1",
        "://",
        "://a",
        "-----BEGIN ",
        "-----BEGIN A-----",
        "/response/",
        "a",
    ],
)
def test_secret_search_takes_linear_time(part: str) -> None:
    """Errors quote texts of any length from outside the bot."""
    with cpu_limit(seconds=2):
        without_secrets(part * (300_000 // len(part)))


@pytest.mark.parametrize(
    "harmless", ["01a20471-0aa2-77b5-afe1-76c07673b24f", "1795369345.404035", "C0ACCESS01", 17]
)
def test_ids_are_not_secrets(harmless: object) -> None:
    """Operators search the log for IDs."""
    assert hide_secrets(None, "", {"id": harmless}) == {"id": harmless}
