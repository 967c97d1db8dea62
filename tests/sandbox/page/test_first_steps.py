"""The first steps: shown to newcomers, checked off, dismissed and shown again."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from markupsafe import Markup

from sandbox.next_steps import next_steps
from sandbox.page.side_panel import Progress, SidePanel
from sandbox.slack.server import SlackStandIn
from tests.sandbox.page.shell_driver import Shell, links, part, words
from tests.sandbox.slack.test_slack_typed_messages import Json, manifest


class Teleport:
    """A cluster in which a test makes the steps happen."""

    def __init__(self) -> None:
        self.progress = Progress()

    def panel(self) -> SidePanel:
        return SidePanel(
            lambda tab, people: Markup("{} of {}").format(tab or "nodes", " and ".join(people)),
            progress=lambda: self.progress,
        )


def with_request_command() -> Json:
    document = manifest()
    command = {"command": "/teleport-request", "description": "Request access"}
    document["features"]["slash_commands"] = [command]
    return document


@pytest.fixture
def teleport() -> Teleport:
    return Teleport()


@pytest.fixture
async def shell(teleport: Teleport) -> AsyncIterator[Shell]:
    slack = await SlackStandIn.start(panel=teleport.panel())
    slack.install(with_request_command())
    async with aiohttp.ClientSession(base_url=slack.url) as session:
        yield Shell(slack, session)
    await slack.stop()


async def done(shell: Shell) -> list[bool]:
    steps = part(await shell.get(), "section class=.first-steps", "section")
    return ["Done:" in step for step in steps.split("<li")[1:]]


async def test_panel_shows_the_people_of_the_panes(shell: Shell) -> None:
    assert "nodes of alice and bob" in await shell.get()
    assert "locks of carol" in await shell.get("/?person=carol&tab=locks")


async def test_terminal_names_the_steps_of_the_page(shell: Shell) -> None:
    steps = part(await shell.get(), "section class=.first-steps", "section")
    texts = [words(text) for text in re.findall(r"<span>(.*)</span>", steps)]
    shown = next_steps("http://x", Path("bot.toml"), data=None, with_bot=True)
    assert len(texts) == 3
    for number, text in enumerate(texts, 1):
        assert f"{number}. {text}\n" in shown


async def test_steps_are_checked_off_when_they_happened(shell: Shell, teleport: Teleport) -> None:
    assert await done(shell) == [False, False, False]
    teleport.progress = Progress(requested=True)
    assert await done(shell) == [True, False, False]
    teleport.progress = Progress(requested=True, approved=True)
    assert await done(shell) == [True, True, False]


async def test_finished_steps_become_a_line_with_more_to_try(
    shell: Shell, teleport: Teleport
) -> None:
    teleport.progress = Progress(requested=True, approved=True, assumed=True)
    section = part(await shell.get(), "section class=.first-steps", "section")
    assert "Done. Next: prod needs two approvals · deny · tsh" in words(section)
    assert "<ol" not in section
    assert "Dismiss the first steps" in section


async def test_dismissed_steps_can_be_shown_again(shell: Shell) -> None:
    await shell.post("/page/first-steps/dismissed")
    assert "first-steps" not in part(await shell.get(), "body", "body")
    assert "Show the first steps again" in await shell.get("/?panel=about")
    await shell.post("/page/first-steps/shown")
    assert await done(shell) == [False, False, False]


async def test_step_opens_the_pane_of_its_person(shell: Shell) -> None:
    approve = links(await shell.get("/?person=alice"))["Approve"]
    assert 'data-person="bob"' in await shell.get(approve)


async def test_steps_need_the_command_that_they_name(shell: Shell) -> None:
    shell.slack.install(manifest())
    assert '<section class="first-steps' not in await shell.get()
