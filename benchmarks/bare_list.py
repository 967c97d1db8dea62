"""The baseline of a start: `python -m benchmarks.bare_list TELEPORT IDENTITY` lists all requests.

Prints the number of requests and the seconds that the list took.
"""

import asyncio
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.bare_teleport import bare_channel
from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub

_PAGE = 200


async def main(teleport: str, identity: Path) -> None:
    async with bare_channel(teleport, identity) as channel:
        auth: Any = AuthServiceStub(channel)
        started, key, count = monotonic(), "", 0
        while True:
            page = await auth.ListAccessRequests(
                proto.ListAccessRequestsRequest(
                    Filter=types.AccessRequestFilter(), Limit=_PAGE, StartKey=key
                )
            )
            count, key = count + len(page.AccessRequests), page.NextKey
            if not key:
                break
        print(count, monotonic() - started)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
