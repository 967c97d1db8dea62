"""Locks on approved access: from Slack, and with tctl."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from sandbox.cast import PEOPLE
from tests.integration.slack_driver import buttons, words
from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.cluster import NODE
from tests.real_teleport.harness.programs import ProgramFailed
from tests.real_teleport.harness.world import World
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
    """Every call of the locked login fails, and the same request can't be assumed again."""
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
    assert (await world.cluster.request(request_id))["spec"]["state"] == 2


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
    """A session of a login with another request continues."""
    await world.cluster.create_role(role("shell", tier="staging", logins=["root"]))
    await world.cluster.create_role(role("shell-requester", request={"roles": ["shell"]}))
    nora = next(person for person in PEOPLE if person.name == "nora")
    account = Account(nora.name, ("shell-requester",), nora.slack_user_id)
    async with world.cluster.user(account):
        locked, card = await approved(world, "session to end", who="nora", what="shell")
        other, _ = await approved(world, "session to keep", who="nora", what="shell")
        async with (
            session(world, account, "ended", locked) as ended,
            session(world, account, "kept", other) as kept,
        ):
            await world.people.click("bob", card, "lock")
            await shows(world, card, "🔒 Locked by bob")
            async with asyncio.timeout(_SESSION_SECONDS):
                assert await ended.wait() != 0
            assert kept.returncode is None


@asynccontextmanager
async def session(
    world: World, account: Account, name: str, request_id: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a session on the node, in a login of its own with the request."""
    login = (await world.setting.logins.of(account)).copied(world.data / "tsh" / name)
    await login.run("login", f"--request-id={request_id}")
    process = await login.start("ssh", f"root@{NODE}", "echo started; sleep 300")
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_SESSION_SECONDS):
            assert await process.stdout.readline() == b"started\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
