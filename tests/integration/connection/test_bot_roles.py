"""What the bot learns from reading roles: its own ones, and those that restrict reviews."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import grpc
import pytest

from bot.connect.guarding_roles import find_unknown, keep_up_to_date
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import Metadata, RoleV6
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.errors import PermissionDenied
from teleport_client.transport.dialer import dial
from teleport_client.visibility import NotVisible, Visibility
from workspace.requests.review_policy import UnknownRoles

OWN = "teleport-chatops"


@pytest.fixture
async def client(teleport: TeleportStandIn) -> AsyncIterator[TeleportClient]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        yield client


def forbid_list(teleport: TeleportStandIn) -> None:
    for rule in teleport.cluster.roles[OWN].Spec.Allow.Rules:
        if "access_request" in rule.Resources:
            rule.Verbs[:] = ["read", "create"]


async def test_bot_that_can_never_read_its_roles_is_assumed_to_see_requests(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Reading roles is a permission of its own, which the bot doesn't need."""
    teleport.faults.add("GetRole", grpc.StatusCode.PERMISSION_DENIED, times=2)
    visibility = Visibility(client.roles, lambda: [OWN])
    await visibility.check_list()
    await visibility.check_missing()


async def test_roles_that_become_unreadable_make_a_list_doubtful(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    visibility = Visibility(client.roles, lambda: [OWN])
    await visibility.check_list()
    teleport.faults.add("GetRole", grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(PermissionDenied):
        await visibility.check_list()
    await visibility.check_list()


async def test_list_is_doubtful_only_if_the_permission_existed_before(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """A missing request is always doubtful without it. A deleted role permits nothing."""
    seeing = Visibility(client.roles, lambda: [OWN, "deleted"])
    await seeing.check_list()
    forbid_list(teleport)
    fresh = Visibility(client.roles, lambda: [OWN])
    await fresh.check_list()
    for check in (fresh.check_missing, seeing.check_list, seeing.check_missing):
        with pytest.raises(NotVisible, match="no longer allows list and read"):
            await check()


async def test_roles_are_listed_page_by_page(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    for number in range(450):
        name = f"role-{number:03}"
        teleport.cluster.roles[name] = RoleV6(Kind="role", Metadata=Metadata(Name=name))
    names = [role.name for role in await client.roles.list()]
    assert {f"role-{number:03}" for number in range(450)} <= {*names}
    assert len(names) == len({*names})
    assert len(teleport.journal.of("ListRoles")) > 1


async def test_unknown_role_is_looked_up_until_it_exists(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Until then, it can be any role's misspelled name, so requests of all roles are limited."""
    unknown = UnknownRoles(await find_unknown(client, ["prod", "prodd"]))
    assert unknown.roles == {"prodd"}
    changed = asyncio.Event()
    looking = asyncio.create_task(keep_up_to_date(unknown, client, changed.set, again=0.01))
    looked = len(teleport.journal.of("GetRole"))
    await teleport.journal.wait_for_call("GetRole", count=looked + 2, ended=True)
    assert not changed.is_set()
    teleport.cluster.roles["prodd"] = RoleV6(Kind="role", Metadata=Metadata(Name="prodd"))
    async with asyncio.timeout(10):
        await looking
    assert (changed.is_set(), unknown.roles) == (True, frozenset())
