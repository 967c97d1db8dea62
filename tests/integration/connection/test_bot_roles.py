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
    forbid_list(teleport)
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


@pytest.mark.parametrize("readable", [True, False])
async def test_list_without_the_permission_is_doubtful(
    client: TeleportClient, teleport: TeleportStandIn, readable: bool
) -> None:
    """A missing request is, too. A deleted role permits nothing."""
    seeing = Visibility(client.roles, lambda: [OWN, "deleted"])
    await seeing.check_list()
    forbid_list(teleport)
    never_seeing = Visibility(client.roles, lambda: [OWN if readable else "deleted"])
    for visibility, text in (
        (seeing, "no longer allows list and read on access_request; apply the role"),
        (
            never_seeing,
            f"the bot's role lacks access_request: {'list' if readable else 'list, read'}$",
        ),
    ):
        for check in (visibility.check_list, visibility.check_missing):
            with pytest.raises(NotVisible, match=text):
                await check()


async def test_list_with_an_unknown_permission_is_doubtful_once_it_was_revoked(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Teleport evaluates the rule's condition. The bot can't, so it assumes the permission."""
    seeing = Visibility(client.roles, lambda: [OWN])
    await seeing.check_list()
    for rule in teleport.cluster.roles[OWN].Spec.Allow.Rules:
        rule.Where = "true"
    fresh = Visibility(client.roles, lambda: [OWN])
    await fresh.check_list()
    for check in (seeing.check_list, seeing.check_missing, fresh.check_missing):
        with pytest.raises(NotVisible):
            await check()


async def test_missing_permission_stays_known_when_the_roles_become_unreadable(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Otherwise an outage would start a bot that shows no requests."""
    forbid_list(teleport)
    visibility = Visibility(client.roles, lambda: [OWN])
    with pytest.raises(NotVisible):
        await visibility.check_list()
    teleport.faults.add("GetRole", grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(PermissionDenied):
        await visibility.check_list()


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
