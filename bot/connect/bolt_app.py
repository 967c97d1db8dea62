"""Bolt's app, which also acks payloads that Bolt can't dispatch."""

from http import HTTPStatus

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from commands.interactions.unhandled import Unhandled

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


_ODD_SHAPE = (IndexError, KeyError, TypeError, AttributeError)
"""Raised for a payload without the fields that Bolt or a listener expects."""


class App(AsyncApp):
    """Bolt app that passes payloads without a listener, and malformed ones, to `unhandled`.

    Bolt raises IndexError for a click without an action (`to_action` in its
    request/payload_utils.py), and again in its error handler.
    """

    unhandled: Unhandled

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        try:
            response = await super().async_dispatch(req)
        except _ODD_SHAPE as error:
            return self._ack(req, error)
        return response if response.status == HTTPStatus.OK else self._ack(req)

    async def on_error(self, error: Exception, body: dict[str, object]) -> BoltResponse | None:
        """Handle an error of Bolt's dispatch or of a listener (`AsyncApp.error`)."""
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=HTTPStatus.NOT_FOUND)
        if isinstance(error, _ODD_SHAPE):
            raise error
        log.error(
            "envelope_handling_failed", payload_type=body.get("type", "command"), exc_info=error
        )
        return None

    def _ack(self, request: AsyncBoltRequest, error: Exception | None = None) -> BoltResponse:
        return BoltResponse(status=HTTPStatus.OK, body=self.unhandled.ack(request.body, error))
