"""The Teleport panel as a browser sees and uses it."""

import re
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.teleport.server import TeleportStandIn
from tests.sandbox.page.shell_driver import words
from tests.sandbox.teleport.terminal import Terminal, printed

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class PanelDriver:
    session: aiohttp.ClientSession
    teleport: TeleportStandIn

    async def html(self, tab: str, *people: str) -> str:
        """Return the panel with an open tab, for alice and bob unless other people are given."""
        first, second = people or ("alice", "bob")
        query = {"person": first, "person2": second, "panel": "teleport", "tab": tab}
        async with self.session.get("/", params=query) as answer:
            page = await answer.text()
        panel = page[page.index('<div class="tp"') : page.index("</main>")]
        return panel.rpartition("</div>")[0]  # without the ends of the panel and its body

    async def card(self, tab: str, name: str, *people: str) -> str:
        """Return the text of the card with this key."""
        html = await self.html(tab, *people)
        found = re.search(
            rf'<(section|article|details)[^>]*data-key="{name}".*?</\1>', html, re.DOTALL
        )
        assert found is not None, f"no card {name} in {words(html)}"
        return words(found[0])

    async def post(self, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
        """Post to the route that runs commands, and return the status and the response."""
        async with self.session.post("/page/teleport/run", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def run(self, user: str, command: str) -> dict[str, Any]:
        """Run a command as the button Run does."""
        tool, *parts = command.split()
        status, finished = await self.post({"tool": tool, "as": user, "words": parts})
        assert status == 200, finished
        return finished

    async def requested(self, user: str, role: str, reason: str = "") -> str:
        """Request a role with tsh, and return the request's ID."""
        options = ("--nowait", "--roles", role, "--reason", reason)
        created = await Terminal(self.teleport.data).tsh(user, "request", "create", *options)
        found = _UUID.search(printed(created))
        assert found is not None
        return found[0]
