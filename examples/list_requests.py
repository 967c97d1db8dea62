"""Print a cluster's pending access requests: `python list_requests.py HOST:PORT IDENTITY_FILE`."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from teleport_client import RequestState, TeleportClient, dial, load_identity_file


async def list_requests(address: str, identity: Path) -> None:
    credentials = load_identity_file(identity, datetime.now(UTC))
    async with TeleportClient(dial(address, lambda: credentials)) as teleport:
        cluster = await teleport.cluster.ping()
        print(f"{cluster.name} runs Teleport {cluster.version}")
        for request in await teleport.requests.list(state=RequestState.PENDING):
            print(f"{request.id} {request.user} requests {', '.join(request.roles)}")


if __name__ == "__main__":
    asyncio.run(list_requests(sys.argv[1], Path(sys.argv[2])))
