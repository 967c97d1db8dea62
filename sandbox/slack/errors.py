"""Errors: Slack's error responses, and bad requests to the control API."""

from collections.abc import Iterable

from sandbox.slack.block_kit.schema import Problem
from sandbox.slack.wire import JsonObject


class SlackError(Exception):
    """An error response of the Web API: HTTP 200, `ok` false, a code, and details."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def to_json(self) -> JsonObject:
        return {"ok": False, "error": self.code, **self.details}

    def __str__(self) -> str:
        messages = self.details.get("errors", [])
        return "; ".join([self.code, *messages]) if isinstance(messages, list) else self.code


class BadRequestError(Exception):
    """An invalid request of a script to the stand-in."""


class RateLimitedError(Exception):
    """A call above the rate limit, an HTTP 429."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


def refusal(code: str, problems: Iterable[Problem]) -> SlackError:
    """Return an error that lists the problems of blocks or a view."""
    sentences = [str(problem) for problem in problems]
    messages = [f"[ERROR] {sentence}" for sentence in sentences]
    return SlackError(code, errors=sentences, response_metadata={"messages": messages})
