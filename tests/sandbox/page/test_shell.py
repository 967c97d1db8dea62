"""The page's frame: people, sidebars, conversations, threads and message fields."""

import re

import pytest

from sandbox.cast import Channel
from sandbox.page.routes import STATIC
from sandbox.slack.workspace.messages import Content
from tests.sandbox.page.parsed import Parsed
from tests.sandbox.page.shell_driver import ACCESS, ALICE_ALONE, Shell, links, part, words
from tests.sandbox.slack.test_slack_typed_messages import manifest

THREAD = "section class=.thread"


async def test_two_people_share_the_page(shell: Shell) -> None:
    page = Parsed.of(await shell.get())
    assert page.values("data-person") == ["alice", "bob"]
    assert page.values("data-channel") == [ACCESS, ACCESS]


async def test_every_acting_person_can_be_selected(shell: Shell) -> None:
    people = words(part(await shell.get(ALICE_ALONE), "select", "select"))
    assert "Ivan Ives (other company)" in people
    assert "Grace Gale (guest)" in people
    assert "Henry" not in people, "a deactivated person can't sign in"
    assert "Jenkins" not in people


@pytest.mark.parametrize(
    ("query", "person", "channel"),
    [
        ("person=nobody", "alice", ACCESS),
        ("person=henry", "alice", ACCESS),
        ("person=alice&channel=security", "alice", ACCESS),
        ("person=alice&channel=@bob", "alice", "@alice"),
        ("person=ivan", "ivan", "partners"),
    ],
)
async def test_place_that_a_person_cannot_see_is_replaced(
    shell: Shell, query: str, person: str, channel: str
) -> None:
    page = Parsed.of(await shell.get(f"/?{query}"))
    assert page.values("data-person") == [person]
    assert page.values("data-channel") == [channel]


async def test_new_messages_are_unread_until_the_person_has_seen_them(shell: Shell) -> None:
    await shell.message("one", "bob", channel="general")
    await shell.message("two", "bob", channel="general")
    assert "# general 2 unread" in links(await shell.get(ALICE_ALONE))
    assert "# general" in links(await shell.get("/?person=bob")), "own messages aren't unread"
    assert await shell.post("/page/read/alice/general") == 200
    assert "# general" in links(await shell.get(ALICE_ALONE))
    assert await shell.post("/page/read/alice/nowhere") == 400


async def test_replies_are_only_in_the_thread(shell: Shell) -> None:
    ts = await shell.message("first")
    await shell.message("reply one", "bob", thread_ts=ts)
    await shell.message("reply two", "bob", thread_ts=ts)
    page = await shell.get(ALICE_ALONE)
    assert "reply one" not in page
    thread = await shell.get(links(page)["2 replies"])
    assert re.findall("first|reply one|reply two", words(part(thread, THREAD, "section"))) == [
        "first",
        "reply one",
        "reply two",
    ]


async def test_ephemeral_message_is_marked_and_private(shell: Shell) -> None:
    workspace = shell.slack.workspace
    channel = workspace.conversation(ACCESS)
    assert channel is not None
    workspace.post(channel, Content("just for you"), shown_to="U0ALICE001")
    page = await shell.get(ALICE_ALONE)
    assert "Only visible to you just for you" in words(part(page, "article", "article"))
    assert "just for you" not in await shell.get("/?person=bob")


async def test_times_are_in_the_zone_of_the_person(shell: Shell) -> None:
    await shell.message("hello")
    assert "Europe/Berlin, UTC+1" in await shell.get(ALICE_ALONE)
    berlin = Parsed.of(await shell.get(ALICE_ALONE)).values("datetime")
    tokyo = Parsed.of(await shell.get("/?person=carol")).values("datetime")
    assert berlin[0].endswith("+01:00")
    assert tokyo[0].endswith("+09:00")


async def test_hostile_text_stays_text(shell: Shell) -> None:
    await shell.message('<script>alert(1)</script><img src=x onerror="alert(1)">')
    page = await shell.get()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<script>alert(1)</script>" in words(part(page, "article", "article"))


async def test_composer_completes_the_installed_commands(shell: Shell) -> None:
    shell.slack.install(manifest())
    page = Parsed.of(await shell.get(ALICE_ALONE))
    assert page.values("data-command") == ["/plain"]
    ts = await shell.message("first")
    thread = part(await shell.get(f"{ALICE_ALONE}&thread={ts}"), THREAD, "section")
    assert Parsed.of(thread).values("data-command") == [], "threads don't support commands"


async def test_disabled_composer_shows_the_reason(shell: Shell) -> None:
    shell.slack.install(manifest())
    page = await shell.get("/?person=alice&channel=@alice")
    assert "Sending messages to this app has been turned off." in page
    assert "<form" not in page


async def test_home_is_listed_only_if_the_manifest_enables_it(shell: Shell) -> None:
    assert "App Home" in links(await shell.get(ALICE_ALONE))
    shell.slack.install(manifest())
    page = await shell.get("/?person=alice&channel=app-home")
    assert "App Home" not in links(page)
    assert Parsed.of(page).values("data-channel") == [ACCESS]


async def test_teleport_panel_is_missing_without_teleport(shell: Shell) -> None:
    page = await shell.get()
    assert "Teleport" not in links(page)
    assert 'id="panel-title"' not in page


async def test_about_panel_names_the_differences_from_slack(shell: Shell) -> None:
    page = await shell.get(links(await shell.get())["About"])
    assert "How it differs from Slack" in page
    assert "teleport-chatops doctor" in page


async def test_page_loads_only_its_own_files(shell: Shell) -> None:
    """Scripts and styles come from the stand-in, and no markup contains either."""
    page = await shell.get()
    sources = [
        source for source in re.findall(r'(?:src|href)="([^"]+)"', page) if "static" in source
    ]
    assert len(sources) >= 10
    assert all(source.startswith("/page/static/") for source in sources)
    assert not re.search(r"https?://|<style|style=|<script>| on[a-z]+=", page)
    policy = (await shell.headers())["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    for source in sources:
        assert await shell.get(source)


def test_scripts_insert_text_only_as_text() -> None:
    for script in STATIC.glob("*.js"):
        assert not re.search(
            r"https?://|innerHTML|insertAdjacentHTML|document\.write|eval\(", script.read_text()
        ), script.name


async def test_unknown_file_is_not_found(shell: Shell) -> None:
    assert "text/html" not in (await shell.headers("/page/static/routes.py"))["Content-Type"]


async def test_dm_between_two_members_is_titled_without_the_app(shell: Shell) -> None:
    dm = Channel("alice-bob", "D0PAIR0001", ("alice", "bob"), bot_is_member=False, direct=True)
    shell.slack.workspace.set_up(dm)
    page = await shell.get("/?person=alice&channel=alice-bob")
    assert "alice-bob" in links(page)
    assert "Direct message with 2 members" in words(page)
