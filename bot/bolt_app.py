"""Bolt's app, which also acks the payloads that Bolt fails on."""

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from commands.unhandled import Unhandled

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class App(AsyncApp):
    """`unhandled` gets the payloads without a listener.

    Bolt raises IndexError at a click without an action (`to_action` in its
    request/payload_utils.py), in its error handler as well.
    """

    unhandled: Unhandled

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        try:
            return await super().async_dispatch(req)
        except (IndexError, KeyError, TypeError, AttributeError):
            return self._ack(req)

    async def on_error(self, error: Exception, request: AsyncBoltRequest) -> BoltResponse | None:
        """Handle an error of Bolt's dispatch or of a listener (`AsyncApp.error`)."""
        if isinstance(error, BoltUnhandledRequestError):
            return self._ack(request)
        log.error("envelope_not_handled", kind=request.body.get("type", "command"), exc_info=error)
        return None

    def _ack(self, request: AsyncBoltRequest) -> BoltResponse:
        return BoltResponse(status=200, body=self.unhandled.ack(request.body))
