"""Pages of other sites can't use the sandbox, and all other clients can."""

from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

import aiohttp
import pytest

from sandbox.cast import APP_TOKEN, BOT_TOKEN
from sandbox.slack.server import SlackStandIn
from tests.sandbox.slack.wire import open_address

_FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "http://evil.example:8765"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Host": "evil.example"},
    {"Host": "evil.example:8765", "Origin": "http://evil.example:8765"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "[::1"},
    {"Host": "192.0.2.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def origin(slack: SlackStandIn, host: str) -> dict[str, str]:
    """The headers of the sandbox's own page, opened under that name."""
    place = f"{host}:{urlsplit(slack.url).port}"
    return {"Host": place, "Origin": f"http://{place}", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("headers", _FOREIGN, ids=str)
async def test_page_of_another_site_is_refused_everywhere(
    slack: SlackStandIn, http: aiohttp.ClientSession, headers: Mapping[str, str]
) -> None:
    posting = f"api/chat.postMessage?token={BOT_TOKEN}&channel=C0GENERAL1&text=hi"
    for path in ("sandbox/status", "sandbox/journal", posting):
        async with http.get(f"{slack.url}/{path}", headers=headers) as answer:
            assert answer.status == 403
            assert (await answer.json())["error"]
    body = {"as": "alice", "do": "home"}
    async with http.post(f"{slack.url}/sandbox/act", json=body, headers=headers) as answer:
        assert answer.status == 403
    assert not slack.journal.calls


async def test_page_of_another_site_opens_no_socket(
    slack: SlackStandIn, http: aiohttp.ClientSession
) -> None:
    bearer = {"Authorization": f"Bearer {APP_TOKEN}"}
    opening = http.post(f"{slack.api_url}apps.connections.open", headers=bearer)
    async with opening as answer:
        url = (await answer.json())["url"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await http.ws_connect(url, origin="https://evil.example")
    assert refusal.value.status == 403


async def test_socket_opens_with_the_origin_that_slack_go_sends(
    slack: SlackStandIn, http: aiohttp.ClientSession
) -> None:
    origin = "https://api.slack.com"
    async with http.ws_connect(await open_address(slack), origin=origin) as socket:
        assert (await socket.receive_json())["type"] == "hello"
    async with http.get(f"{slack.url}/sandbox/status", headers={"Origin": origin}) as refused:
        assert refused.status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "LOCALHOST"])
async def test_own_page_works_under_every_loopback_name(
    slack: SlackStandIn, http: aiohttp.ClientSession, host: str
) -> None:
    """The port may be another one, as where a container's is published."""
    for headers in (origin(slack, host), {"Host": f"{host}:9999"}, {"Host": host}, {}):
        async with http.get(f"{slack.url}/sandbox/status", headers=headers) as answer:
            assert answer.status == 200
    act = {"as": "alice", "do": "home"}
    async with http.post(
        f"{slack.url}/sandbox/act", json=act, headers=origin(slack, host)
    ) as answer:
        assert answer.status == 200


async def test_link_on_another_site_opens_the_page(
    slack: SlackStandIn, http: aiohttp.ClientSession
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with http.get(f"{slack.url}/", headers=headers) as answer:
        assert answer.status == 200


async def test_sandbox_on_all_interfaces_accepts_its_addresses(
    http: aiohttp.ClientSession,
) -> None:
    """As in a container: by address from elsewhere, by no name but localhost."""
    slack = await SlackStandIn.start(listen="0.0.0.0")  # noqa: S104 - what it is about
    try:
        for host, status in (("192.0.2.1:8765", 200), ("localhost:8765", 200), ("evil", 403)):
            headers = {"Host": host}
            async with http.get(f"{slack.url}/sandbox/status", headers=headers) as answer:
                assert answer.status == status
    finally:
        await slack.stop()
