"""Doctor's rows for a setup that a real Teleport rejects."""

import json
from typing import Any

from tests.real_teleport.harness.accounts import Account
from tests.real_teleport.harness.cast_resources import role
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.world import World


async def test_doctor_finds_nothing_to_correct(world: World) -> None:
    """The printed role has every permission that the bot needs."""
    code, rows = await doctor(world)
    assert [row["name"] for row in rows if row["level"] not in {"ok", "off"}] == ["slack manifest"]
    assert code == 0


async def test_doctor_names_a_bot_user_that_was_deleted(world: World) -> None:
    """The certificate outlives the user; Teleport refuses its every call then."""
    await world.cluster.create(role("brief"))
    async with world.cluster.user(Account("brief", ("brief",))):
        identity = await world.cluster.identity("brief")
    code, rows = await doctor(world, identity=identity)
    teleport = next(row for row in rows if row["name"] == "teleport")
    assert 'rejected the bot: access denied: user "brief" not found' in teleport["detail"]
    assert "user and role still exist" in teleport["hint"]
    assert code == 2
    await world.cluster.tctl("rm", "role/brief")


async def test_doctor_names_a_missing_permission_to_list_roles(world: World) -> None:
    """Users' requestable roles need it, and so do names in the settings."""
    rules = [
        {"resources": ["access_request"], "verbs": ["list", "read", "create", "update"]},
        {"resources": ["access_plugin_data"], "verbs": ["list", "read", "update"]},
        {"resources": ["semaphore"], "verbs": ["create", "update"]},
        {"resources": ["user", "lock"], "verbs": ["list", "read"]},
        {"resources": ["role", "user_login_state"], "verbs": ["read"]},
    ]
    await world.cluster.create(role("few", rules=rules))
    async with world.cluster.user(Account("few", ("few",))):
        identity = await world.cluster.identity("few")
        code, rows = await doctor(world, identity=identity)
    assert [row["name"] for row in rows if row["level"] == "failure"] == ["role: list"]
    assert code == 2
    await world.cluster.tctl("rm", "role/few")


async def doctor(world: World, **changes: Any) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and the rows."""
    examined = await product(
        "doctor", "--config", str(world.settings(**changes)), "--json",
        TELEPORT_CHATOPS_TELEPORT__REFRESH_IDENTITY="true",
    )  # fmt: skip
    rows: list[dict[str, Any]] = json.loads(examined.out)
    return examined.code, rows
