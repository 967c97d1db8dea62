"""Logs: structlog events with fixed names, as JSON lines or for a terminal, without secrets.

Records of Slack's libraries pass the same processors. Secrets are replaced by pattern in every text
of an event, so a token in an error message stays hidden, too.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import structlog
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from structlog.typing import Processor

from bot.settings.settings import LogSettings
from bot.start_error import MISCONFIGURED, StartError

_SECRETS = re.compile(
    r"""
      xox[a-z]{0,9}-\w[\w.-]*                # Slack tokens, but no bare prefix as in hints
    | xapp-\w[\w.-]*
    | https://hooks\.slack\.com/\S+           # response URLs
    | (?<=/response/)[\w.-]+
    | \b\d+\.\d+\.[0-9a-f]{32}\b              # trigger IDs
    | (?<=ticket=)[\w.-]+                     # Socket Mode URLs
    | (?<=://)[^/\s@]+(?=@)                   # passwords of proxies
    | -----BEGIN[ ][A-Z0-9 ]+-----.*?(?:-----END[ ][A-Z0-9 ]+-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_HIDDEN = "[hidden]"
_FIRST = ("timestamp", "level", "event")
_STREAMS = ("stderr", "stdout")
BOLT_LOGGER = "bolt"
"""Logger to pass to Bolt, because its default loggers set their own levels."""
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# At INFO they repeat events of the bot, and at DEBUG they log every frame.
_QUIETER = (BOLT_LOGGER, "slack_bolt", "slack_sdk", "asyncio", "aiohttp", "grpc", "stamina")


def configure_logs(settings: LogSettings) -> None:
    """Configure structlog and the standard library, once at startup. Raises StartError."""
    handler = _Handler(settings.output)
    stream = handler.stream
    as_json = settings.format == "json" or (settings.format == "auto" and not stream.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [structlog.processors.format_exc_info, hide_secrets]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*before, _name_foreign, *after],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(as_json=as_json, colors=stream.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.severity.upper())
    for name in _QUIETER:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger(BOLT_LOGGER).addFilter(_is_not_about_the_token)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            *after,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def reopen_log() -> None:
    """Reopen the log file after logrotate has renamed it. Standard streams stay open."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Handler):
            handler.reopen()


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to `log.output`; if that fails, as on a full disk, reports one line on stderr.

    The standard library would print the record with its arguments and a traceback. Raises
    StartError.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        try:
            super().__init__(_stream(output))
        except OSError as error:
            raise StartError(
                f"Can't write the log to {output} ({error.strerror}). Choose another log.output.",
                exit_code=MISCONFIGURED,
            ) from error

    def reopen(self) -> None:
        """Continue in a new file of the same name, or in the old one if that fails."""
        if self._output in _STREAMS:
            return
        try:
            old = self.setStream(_stream(self._output))
        except OSError as error:
            log.warning("log_reopen_failed", path=self._output, error=error.strerror)
            return
        if old is not None:
            old.close()
        log.info("log_reopened", path=self._output)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - name in logging
        lost = record.msg.get("event") if isinstance(record.msg, dict) else record.name
        line = without_secrets(f"log_not_written: {lost} ({sys.exception()!r})")
        with suppress(OSError, ValueError):
            sys.stderr.write(" ".join(line.split()) + "\n")
            sys.stderr.flush()


def hide_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace secrets in all texts of an event."""
    for key, value in event.items():
        event[key] = _hidden(value)
    return event


def without_secrets(text: str) -> str:
    return _SECRETS.sub(_HIDDEN, text)


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {key: _hidden(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return without_secrets(str(value))


def _renderers(*, as_json: bool, colors: bool) -> list[Processor]:
    if as_json:
        return [_in_order, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=colors)]


def _in_order(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: event.pop(key) for key in _FIRST if key in event} | dict(event)


def _name_foreign(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Move a library's text into a field, so that event names stay fixed."""
    record = event.get("_record")
    event["message"] = event["event"]
    event["event"] = "library_log"
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
    return event


def _is_not_about_the_token(record: logging.LogRecord) -> bool:
    """Drop Bolt's warning about SLACK_BOT_TOKEN: the bot passes no token to Bolt on purpose."""
    return record.msg != warning_client_prioritized_and_token_skipped()


def _stream(output: str) -> TextIO:
    """Return the stream, or the opened file. Raises OSError."""
    if output in _STREAMS:
        stream: TextIO = getattr(sys, output)
        return stream
    return Path(output).open("a", encoding="utf-8", buffering=1)
