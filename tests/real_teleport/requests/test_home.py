"""App Home: opened, and refreshed after changes that Slack never touched."""

from collections.abc import Callable
from typing import Any

from tests.integration.slack_driver import buttons, words
from tests.real_teleport.harness.bot_process import BotProcess
from tests.real_teleport.harness.world import World


async def open_home(world: World, who: str) -> None:
    done = await world.people.slack.act({"as": who, "do": "home"})
    assert (done["acked"], done["error"]) == (True, None), done


async def home_where(
    world: World, who: str, fits: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """Return the user's tab once the condition holds."""
    return await world.people.view(who, lambda v: v["type"] == "home" and fits(v))


async def test_home_follows_tctl(world: World, bot: BotProcess) -> None:
    """From a pending request to active access, a lock on it, and its removal."""
    request_id, _ = await world.requested_by_tsh("alice", "staging", "for the home tab")
    await open_home(world, "alice")
    await open_home(world, "bob")
    own = await home_where(world, "alice", lambda v: "for the home tab" in words(v))
    assert "cancel_request" in buttons(own)
    review = await home_where(world, "bob", lambda v: "for the home tab" in words(v))
    assert {"approve", "deny"} <= buttons(review).keys()
    await world.cluster.tctl("requests", "approve", request_id)
    active = await home_where(world, "alice", lambda v: "done" in buttons(v))
    assert "cancel_request" not in buttons(active)
    await home_where(world, "bob", lambda v: "for the home tab" not in words(v))
    async with world.cluster.locked(f"--access-request={request_id}", "under review"):
        locked = await home_where(world, "alice", lambda v: "🔒 Locked" in words(v))
        assert "done" not in buttons(locked)
    await home_where(world, "alice", lambda v: "🔒" not in words(v))


async def test_click_in_home_approves(world: World, bot: BotProcess) -> None:
    request_id, card = await world.requested_by_tsh("alice", "staging", "to approve at home")
    await open_home(world, "bob")
    home = await home_where(world, "bob", lambda v: "to approve at home" in words(v))
    assert buttons(home)["approve"]["value"] == request_id
    await world.people.click_in_view("bob", home, "approve")
    await world.approved(card)
    await home_where(world, "bob", lambda v: "to approve at home" not in words(v))
