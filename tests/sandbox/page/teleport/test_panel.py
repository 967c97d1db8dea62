"""The Teleport panel shows the cluster's state, before and after each change."""

import re
from pathlib import Path

import pytest

from sandbox.page.side_panel import Progress
from sandbox.page.teleport.progress import progress_of
from sandbox.ports import Ports
from sandbox.world import running
from tests.sandbox.page.shell_driver import words
from tests.sandbox.page.teleport.panel_driver import PanelDriver
from tests.sandbox.teleport.terminal import Terminal, printed


async def test_approved_access_shows_after_the_login(panel: PanelDriver) -> None:
    assert "Reaches 2 of 7 nodes" in await panel.card("access", "access-alice")
    request_id = await panel.requested("alice", "staging")
    await panel.run("bob", f"tsh request review --approve {request_id}")
    approved = await panel.card("access", "access-alice")
    assert "The next login adds staging-db and staging-web" in approved
    assert "staging-db staging – No After login" in approved
    await panel.run("alice", f"tsh login --request-id={request_id}")
    active = await panel.card("access", "access-alice")
    assert "Before: 2 of 7 nodes Now: 4 of 7 nodes" in active
    assert "staging-db staging – No ★ New" in active
    assert "It is simulated" in active
    await panel.run("alice", "tsh login")
    assert "Reaches 2 of 7 nodes" in await panel.card("access", "access-alice")


async def test_first_steps_end_with_the_login(panel: PanelDriver) -> None:
    cluster = panel.teleport.cluster
    request_id = await panel.requested("alice", "staging")
    assert progress_of(cluster) == Progress(requested=True)
    await panel.run("", f"tctl requests approve {request_id}")
    assert progress_of(cluster) == Progress(requested=True, approved=True)
    await panel.run("alice", f"tsh login --request-id={request_id}")
    assert progress_of(cluster) == Progress(requested=True, approved=True, assumed=True)


async def test_locked_user_reaches_no_node(panel: PanelDriver) -> None:
    await panel.run("", "tctl lock --user=alice")
    assert "alice reaches no node" in await panel.card("access", "access-alice")
    assert "alice Locked Roles" in await panel.card("users", "user-alice")
    assert "user alice In force" in words(await panel.html("locks"))


async def test_user_locked_after_failed_logins_has_no_lock(panel: PanelDriver) -> None:
    assert "frank Locked after failed logins" in await panel.card("users", "user-frank")
    locks = words(await panel.html("locks"))
    assert "There are no locks." in locks
    assert "frank can't log in after failed logins." in locks


async def test_second_request_for_reached_nodes_adds_none(panel: PanelDriver) -> None:
    first, second = [await panel.requested("alice", "staging") for _ in range(2)]
    for request_id in (first, second):
        await panel.run("", f"tctl requests approve {request_id}")
    await panel.run("alice", f"tsh login --request-id={first}")
    card = await panel.card("access", "access-alice")
    assert "alice already reaches staging-db and staging-web through another request" in card
    assert "The next login adds" not in card


async def test_person_without_a_teleport_user_reaches_no_node(panel: PanelDriver) -> None:
    card = await panel.card("access", "access-nora", "nora", "alice")
    assert "Nora Novak has no Teleport user" in card


async def test_request_shows_its_reviews_and_progress(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "prod", "shard 3 is down")
    await panel.run("bob", f"tsh request review --approve {request_id}")
    card = await panel.card("requests", request_id)
    assert "alice → prod Pending shard 3 is down" in card
    assert "Approvals 1 of 2 Denials 0 of 1" in card
    assert "bob approved at" in card


async def test_each_threshold_names_its_role(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "prod,staging", "shard 3 is down")
    card = await panel.card("requests", request_id)
    assert "Approvals for prod" in card
    assert "Approvals for staging" in card
    assert "default" not in card


async def test_review_is_offered_to_those_who_may_review(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "staging")
    approve = f"bob $ tsh request review --approve {request_id}"
    assert approve in await panel.card("requests", request_id)
    await panel.run("bob", f"tsh request review --deny {request_id}")
    denied = await panel.card("requests", request_id)
    assert "Denied" in denied
    assert approve not in denied


async def test_link_to_a_request_opens_it_in_the_panel(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "staging")
    other = await panel.requested("bob", "staging")
    async with panel.session.get(f"/web/requests/{request_id}") as answer:
        page = await answer.text()
    (target,) = re.findall(r'<article[^>]*id="request-([^"]*)"[^>]*data-target', page)
    assert (target, other in page) == (request_id, True)


async def test_link_to_a_deleted_request_says_so(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "staging")
    panel.teleport.cluster.delete_request(request_id)
    html = await panel.html(f"requests/{request_id}")
    assert f"The request {request_id} doesn't exist any more" in words(html)


async def test_audit_log_shows_the_events_of_each_change(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "staging")
    await panel.run("bob", f"tsh request review --approve {request_id}")
    await panel.run("alice", f"tsh login --request-id={request_id}")
    await panel.run("", f"tctl lock --access-request={request_id}")
    html = await panel.html("audit")
    assert re.findall(r"<code>([\w.]+)</code> <span class=\"tp-code\">(\w+)", html) == [
        ("lock.created", "TLK00I"),
        ("cert.create", "TC000I"),
        ("access_request.review", "T5002I"),
        ("access_request.create", "T5000I"),
    ]


@pytest.mark.parametrize("tab", ["requests", "audit"])
async def test_hostile_reason_is_text(panel: PanelDriver, tab: str) -> None:
    await panel.requested("alice", "staging", "<img src=x onerror=alert(1)>")
    html = await panel.html(tab)
    assert "<img" not in html
    assert "<img src=x onerror=alert(1)>" in words(html)


@pytest.mark.parametrize("tab", ["requests", "audit"])
async def test_reason_reorders_and_hides_nothing(panel: PanelDriver, tab: str) -> None:
    request_id = await panel.requested("alice", "staging", "a\u202egnirts\u200b \x07é")
    html = await panel.html(tab)
    assert not set(html) & {"\u202e", "\u200b", "\x07"}
    output = (await panel.run("", f"tctl requests get {request_id}"))["output"]
    assert not set(output) & {"\u202e", "\u200b", "\x07"}
    assert "agnirts é" in words(await panel.html("requests"))


async def test_unknown_tab_opens_access(panel: PanelDriver) -> None:
    assert "Alice Adams" in words(await panel.html("nonsense"))


async def test_change_in_teleport_wakes_open_pages(tmp_path: Path) -> None:
    async with running(tmp_path, Ports(), with_bot=False) as world:
        changes = world.slack.workspace.changes
        before = changes.count
        printed(await Terminal(tmp_path).tctl("lock", "--user=erin"))
        await changes.until(lambda: changes.count > before or None, 5)
