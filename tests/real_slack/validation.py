"""Validate blocks and views with `blocks.validate`, where Slack offers it.

Slack lists the problems in `errors`, each with a JSON pointer
(docs.slack.dev/reference/methods/blocks.validate, which needs no scope).
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from tests.real_slack.recording import RecordingClient
from workspace.sending.slack_failure import error_code

_NOT_OFFERED = frozenset(
    {
        "unknown_method",
        "not_allowed",
        "not_allowed_token_type",
        "access_denied",
        "missing_scope",
        "method_deprecated",
    }
)
_INVALID = frozenset({"invalid_blocks", "invalid_message", "invalid_view"})


class Validator:
    def __init__(self, client: RecordingClient) -> None:
        self._client = client
        self.unavailable = ""
        """Slack's error code if it doesn't offer the method."""
        self.validated = 0

    async def problems(self, **payload: Any) -> list[str]:
        """Return Slack's findings about `blocks` or a `view`, none if Slack doesn't check them.

        Raises SlackApiError for any other error.
        """
        if self.unavailable:
            return []
        try:
            await self._client.blocks_validate(**payload)
        except SlackApiError as error:
            code = error_code(error)
            if code in _NOT_OFFERED:
                self.unavailable = code
                return []
            if code not in _INVALID:
                raise
            return _listed(error.response.get("errors")) or [code]
        finally:
            self.validated += not self.unavailable
        return []


def _listed(errors: Any) -> list[str]:
    found = errors if isinstance(errors, list) else []
    return [
        f"{each.get('pointer', '')}: {each.get('message') or each.get('code')}"
        if isinstance(each, Mapping)
        else str(each)
        for each in found
    ]
