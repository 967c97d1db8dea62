"""A page of a running Slack stand-in, as a browser without scripts gets it."""

import re
from html import unescape

import aiohttp

from sandbox.slack.server import SlackStandIn
from tests.sandbox.page.parsed import Parsed

ACCESS = "access-requests"
ALICE_ALONE = "/?person=alice"


class Shell:
    """Gets the page, and posts what its scripts post."""

    def __init__(self, slack: SlackStandIn, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self._session = session

    async def get(self, path: str = "/") -> str:
        async with self._session.get(path) as answer:
            assert answer.status == 200
            return await answer.text()

    async def headers(self, path: str = "/") -> dict[str, str]:
        async with self._session.get(path) as answer:
            return dict(answer.headers)

    async def post(self, path: str) -> int:
        async with self._session.post(path) as answer:
            return answer.status

    async def message(self, text: str, person: str = "alice", **fields: str) -> str:
        """Post a person's message, and return its timestamp."""
        channel = fields.pop("channel", ACCESS)
        body = {"as": person, "do": "message", "channel": channel, "text": text, **fields}
        assert (await self.slack.act(body))["error"] is None
        return str(self.slack.control_api.messages(channel)[-1]["ts"])


def words(markup: str) -> str:
    """Return the text of the markup with single spaces. Fails if elements aren't closed."""
    return " ".join(Parsed.of(markup).text.split())


def part(page: str, start: str, end: str) -> str:
    """Return the part of the page from a tag to the first closing tag."""
    found = re.search(f"<{start}.*?</{end}>", page, re.DOTALL)
    assert found, f"the page has no <{start}"
    return found[0]


def links(page: str) -> dict[str, str]:
    """Return the addresses of all links by their text."""
    found = re.findall(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {words(text): unescape(address) for address, text in found}
