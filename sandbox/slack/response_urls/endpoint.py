"""The HTTP endpoint of response URLs."""

import asyncio

from aiohttp import web

from sandbox.slack.backend import Backend
from sandbox.slack.connection import cut
from sandbox.slack.control.faults import RESPONSE_URL, MethodFault
from sandbox.slack.control.journal import ApiCall, monotonic_ms
from sandbox.slack.errors import SlackError
from sandbox.slack.json_text import parse_json
from sandbox.slack.wire import JsonObject

_INVALID = "invalid_payload"
_GONE = ("used_url", "expired_url", "no_service")


class ResponseEndpoint:
    """Serves the app's posts to response URLs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one post. The journal and faults call it `response_url`."""
        at, body = monotonic_ms(), await _read(request)
        fault = self._backend.faults.for_call(RESPONSE_URL)
        await asyncio.sleep(fault.delay_ms / 1000)
        status, text = self._answer(request.path.lstrip("/"), body, fault)
        sent = None if fault.drop_after_commit else status
        self._backend.journal.called(ApiCall(at, RESPONSE_URL, body or {}, sent, text))
        if fault.drop_after_commit:
            cut(request)
        return web.Response(text=text, status=status, headers=fault.headers)

    def _answer(self, path: str, body: JsonObject | None, fault: MethodFault) -> tuple[int, str]:
        if fault.refuses:
            return fault.http_status, fault.error or ""
        if body is None:
            return 400, _INVALID
        try:
            self._backend.response_urls.post(path, body)
        except SlackError as error:
            return (404 if error.code in _GONE else 400), error.code
        return 200, "ok"


async def _read(request: web.Request) -> JsonObject | None:
    """Return the message, from a JSON body or the form field `payload`; None if it is neither.

    Slack's incoming webhooks accept both forms
    (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
    """
    try:
        text = await request.text()
        if not text.lstrip().startswith("{"):
            text = str((await request.post()).get("payload", ""))
        message = parse_json(text)
    except (ValueError, LookupError):
        return None
    return message if isinstance(message, dict) else None
