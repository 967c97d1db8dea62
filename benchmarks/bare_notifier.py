"""The baseline of cards and clicks: `python -m benchmarks.bare_notifier SLACK TELEPORT IDENTITY`.

For each request in the watch, it writes plugin data and posts a message. For each click, it acks,
submits the review, waits for the watch's event and updates the message. It has no checks, no
records and no recovery.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.bare_teleport import bare_channel
from benchmarks.requests import CHANNEL
from sandbox import cast
from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub

_RECORD = "x" * 500
"""Has the length of one of the bot's records."""
_BUTTON = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "OK"}}


class BareNotifier:
    def __init__(self, auth: Any, http: aiohttp.ClientSession, slack_api: str) -> None:
        self._auth = auth
        self._http = http
        self._slack_api = slack_api
        self._cards: dict[str, str] = {}
        """Timestamps by request."""

    async def follow(self) -> None:
        watch = proto.Watch(Kinds=[types.WatchKind(Kind="access_request")])
        async for event in self._auth.WatchEvents(watch):
            request = event.AccessRequest
            if event.Type != proto.Operation.PUT:
                continue
            if request.Metadata.Name not in self._cards:
                await self._announce(request)
            elif request.Spec.Reviews:
                await self._update(request)

    async def clicked(self, client: AsyncBaseSocketModeClient, envelope: SocketModeRequest) -> None:
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=envelope.envelope_id))
        review = types.AccessReview(
            Author="bob", ProposedState=types.APPROVED, submitted_on_behalf_of_author=True
        )
        request_id = envelope.payload["actions"][0]["value"]
        await self._auth.SubmitAccessReview(
            types.AccessReviewSubmission(RequestID=request_id, Review=review)
        )

    async def _announce(self, request: types.AccessRequestV3) -> None:
        request_id = request.Metadata.Name
        await self._auth.UpdatePluginData(
            types.PluginDataUpdateParams(
                Kind="access_request",
                Resource=request_id,
                Plugin="bare",
                Set={"entry": _RECORD, "rev": "1"},
                Expect={"rev": ""},
            )
        )
        blocks = [
            _text(request.Spec.RequestReason),
            {"type": "actions", "elements": [{**_BUTTON, "value": request_id}]},
        ]
        answer = await self._call("chat.postMessage", channel=CHANNEL, text="card", blocks=blocks)
        self._cards[request_id] = answer["ts"]

    async def _update(self, request: types.AccessRequestV3) -> None:
        ts = self._cards[request.Metadata.Name]
        blocks = [_text("approved")]
        await self._call("chat.update", channel=CHANNEL, ts=ts, text="card", blocks=blocks)

    async def _call(self, method: str, **arguments: object) -> Any:
        async with self._http.post(
            f"{self._slack_api}{method}",
            json=arguments,
            headers={"Authorization": f"Bearer {cast.BOT_TOKEN}"},
        ) as answer:
            return await answer.json()


def _text(words: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "plain_text", "text": words}}


async def main(slack_api: str, teleport: str, identity: Path) -> None:
    """Run until the process is ended."""
    client = SocketModeClient(cast.APP_TOKEN, web_client=AsyncWebClient(base_url=slack_api))
    async with bare_channel(teleport, identity) as channel, aiohttp.ClientSession() as http:
        notifier = BareNotifier(AuthServiceStub(channel), http, slack_api)
        client.socket_mode_request_listeners.append(notifier.clicked)
        following = asyncio.create_task(notifier.follow())
        await client.connect()  # type: ignore[no-untyped-call]
        await following


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
