"""The baseline of acks: `python -m benchmarks.bare_client API_URL` acks each envelope at once.

It uses Slack's own client without other code.
"""

import asyncio
import sys

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import cast


async def _acknowledge(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
    await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))


async def main(api_url: str) -> None:
    """Run until the process is ended."""
    client = SocketModeClient(cast.APP_TOKEN, web_client=AsyncWebClient(base_url=api_url))
    client.socket_mode_request_listeners.append(_acknowledge)
    await client.connect()  # type: ignore[no-untyped-call]
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
