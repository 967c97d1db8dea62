"""A request by tsh's own call, and its card."""

from typing import Any

from tests.contracts.sandbox_process import Sandbox
from tests.contracts.teleport import Teleport


async def requested(sandbox: Sandbox, role: str, reason: str) -> dict[str, Any]:
    """Create a request of alice and return its card. The reason is in no other message."""
    async with Teleport(sandbox.teleport, sandbox.identity("alice")) as alice:
        await alice.create_request("alice", role, reason)
    return sandbox.message(reason)


def teleport(sandbox: Sandbox) -> Teleport:
    """Return a client with the bot's identity."""
    return Teleport(sandbox.teleport, sandbox.identity("bot"))
