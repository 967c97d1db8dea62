"""Locks on approved access: from Slack, and with tctl."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.slack_driver import buttons, words
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.programs import ProgramFailed
from tests.real_teleport.harness.world import APPROVED, World
from tests.server_rules.caches import eventually
from workspace.requests.access_lock import lock_name

_SESSION_SECONDS = 30.0


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def no_locks(world: World) -> AsyncIterator[None]:
    yield
    for name in await lock_names(world):
        await world.cluster.tctl("rm", f"lock/{name}")


async def lock_names(world: World) -> list[str]:
    listed = json.loads(await world.cluster.tctl("get", "locks", "--format=json"))
    return [each["metadata"]["name"] for each in listed]


async def approved(
    world: World, reason: str, *, who: str = "alice", what: str = "staging"
) -> tuple[str, dict[str, Any]]:
    """Return the ID and the card of an approved request."""
    request_id, card = await world.requested(who, what, reason)
    await world.people.click("bob", card, "approve")
    await world.people.dm(who, f"tsh login --request-id={request_id}")
    return request_id, await world.approved(card)


async def shows(world: World, card: dict[str, Any], text: str) -> dict[str, Any]:
    return await world.people.card_where(card["ts"], lambda m: text in words(m))


async def refused(world: World) -> bool:
    """Return whether alice's current login is rejected; the server notices locks with a delay."""
    try:
        await world.tsh("alice", "ls")
    except ProgramFailed as error:
        assert "access denied" in str(error)
        return True
    return False


async def test_requester_is_done_and_logs_in_again(world: World, bot: BotProcess) -> None:
    """Every call of the locked login fails, until a logout and a login."""
    request_id, card = await approved(world, "to be done with")
    await world.tsh("alice", "login", f"--request-id={request_id}")
    assert NODE in await world.tsh("alice", "ls")
    notice = await world.people.dm("alice", f"tsh login --request-id={request_id}")
    await world.people.click("alice", notice, "done", channel="@alice")
    await shows(world, card, "🔒 Locked by alice: I'm done")
    await world.people.dm("alice", "🔒 Locked by alice: I'm done")
    assert await lock_names(world) == [lock_name(request_id)]
    assert await eventually(lambda: refused(world), lambda found: found)
    with pytest.raises(ProgramFailed, match="access denied"):
        await world.tsh("alice", "request", "drop")
    assert (await world.cluster.request(request_id))["spec"]["state"] == APPROVED
    tsh = await world.login("alice")
    await tsh.run("logout")
    await tsh.log_in(again=True)
    assert NODE not in await tsh.run("ls")
    with pytest.raises(ProgramFailed, match="Locked by alice from Slack: I'm done"):
        await tsh.run("login", f"--request-id={request_id}")


async def test_reviewer_locks_access(world: World, bot: BotProcess) -> None:
    request_id, card = await approved(world, "to be stopped")
    assert "lock" in buttons(card)
    await world.people.click("carol", card, "lock")
    await shows(world, card, "🔒 Locked by carol: stopped by a reviewer")
    (lock,) = json.loads(await world.cluster.tctl("get", "locks", "--format=json"))
    assert lock["spec"]["target"] == {"access_request": request_id}
    assert lock["spec"]["message"] == "Locked by carol from Slack: stopped by a reviewer"
    assert lock["spec"]["expires"] > (await world.cluster.request(request_id))["spec"]["expires"]
    with pytest.raises(ProgramFailed, match="Locked by carol from Slack: stopped by a reviewer"):
        await world.tsh("alice", "login", f"--request-id={request_id}")


async def test_lock_on_something_else_is_not_replaced(world: World, bot: BotProcess) -> None:
    request_id, card = await approved(world, "to stay unlocked")
    name = lock_name(request_id)
    spec = {"target": {"user": "mallory"}}
    lock = {"kind": "lock", "version": "v2", "metadata": {"name": name}, "spec": spec}
    await world.cluster.create(lock)
    assert await eventually(lambda: lock_names(world), bool) == [name]
    await world.people.click("carol", card, "lock")
    await world.people.response("carol", "The bot didn't replace it")
    (found,) = json.loads(await world.cluster.tctl("get", "locks", "--format=json"))
    assert found["spec"]["target"] == {"user": "mallory"}


async def test_lock_with_tctl_is_shown_until_it_is_removed(world: World, bot: BotProcess) -> None:
    request_id, card = await approved(world, "to be locked with tctl")
    async with world.cluster.locked(f"--access-request={request_id}", "under review"):
        await shows(world, card, "🔒 Locked: under review")
    await world.people.card_where(card["ts"], lambda m: "🔒" not in words(m))


async def test_lock_with_a_ttl_is_no_longer_shown_after_it(world: World, bot: BotProcess) -> None:
    request_id, card = await approved(world, "to be locked for seconds")
    await world.cluster.tctl("lock", f"--access-request={request_id}", "--ttl=5s")
    await shows(world, card, "🔒 Locked")
    await world.people.card_where(card["ts"], lambda m: "🔒" not in words(m))


async def test_lock_ends_the_sessions_of_logins_with_the_request_only(
    world: World, bot: BotProcess
) -> None:
    """Sessions of a login with another request, or without a request, continue.

    The processes of the session end at once, but tsh itself ends about a minute later.
    """
    request = {"roles": ["shell"]}
    await world.cluster.create_role(role("shell", tier="staging", logins=["root"]))
    await world.cluster.create_role(
        role("shell-holder", tier="staging", logins=["root"], request=request)
    )
    nora = Account("shell-nora", ("shell-holder",), "U0NORA0001")
    async with world.cluster.user(nora):
        locked, card = await approved(world, "session to end", who="nora", what="shell")
        other, _ = await approved(world, "session to keep", who="nora", what="shell")
        async with (
            session(world, nora, locked),
            session(world, nora, other) as with_other_request,
            session(world, nora) as without_request,
        ):
            await world.people.click("bob", card, "lock")
            await shows(world, card, "🔒 Locked by bob")
            ended = await eventually(lambda: requests_of_ended_sessions(world), bool)
            assert ended == [locked]
            await echo(with_other_request)
            await echo(without_request)
            assert await requests_of_ended_sessions(world) == [locked]


async def requests_of_ended_sessions(world: World) -> list[str]:
    """Return the request of each session that has ended, from the audit log."""
    ended = (each for each in world.cluster.audit_events() if each["event"] == "session.end")
    return [request for each in ended for request in each.get("access_requests") or ["none"]]


@asynccontextmanager
async def session(
    world: World, account: Account, request_id: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a session on the node that repeats its input, in a login of its own."""
    login = (await world.setting.logins.of(account)).copied(world.data / f"tsh-{request_id}")
    if request_id:
        await login.run("login", f"--request-id={request_id}")
    process = await login.start("ssh", f"root@{NODE}", "cat")
    try:
        await echo(process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def echo(process: asyncio.subprocess.Process) -> None:
    """Check that a session is alive."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"alive\n")
    async with asyncio.timeout(_SESSION_SECONDS):
        assert await process.stdout.readline() == b"alive\n"
