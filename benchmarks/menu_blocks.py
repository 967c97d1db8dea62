"""The longest blocks of the event loop while a menu of the request form searches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import process_time
from typing import cast

from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.stand_ins import StandIns
from commands.use_cases.acting_user.authorization import Authorization
from commands.use_cases.acting_user.permissions import Permissions
from commands.use_cases.offers.reviewers import possible_reviewers
from commands.use_cases.services import Services
from sandbox.cast import BOT_TOKEN, CLUSTER, SLACK_TRAIT, TEAM
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.rules.resource_paths import resource_path
from teleport_client.transport.dialer import dial
from workspace.directory.candidates.linked_users import LinkedUsers
from workspace.directory.candidates.matching import Searchable, entry
from workspace.directory.candidates.resource_index import ResourceIndex
from workspace.directory.member_names import MemberNames
from workspace.directory.user_directory import UserDirectory, UserMapping
from workspace.moment import utc_now
from workspace.requests.review_policy import ReviewPolicy
from workspace.views.options import resource_option, role_option
from workspace.views.options.menu import MOST_OPTIONS, menu
from workspace.views.options.reviewer_option import reviewer_option


@dataclass(frozen=True)
class _Readers:
    """The parts of the bot that the menus read."""

    teleport: TeleportClient
    linked_users: LinkedUsers
    authorization: Authorization
    permissions: Permissions

    @classmethod
    def of(cls, around: StandIns, teleport: TeleportClient) -> "_Readers":
        slack = AsyncWebClient(token=BOT_TOKEN, base_url=around.slack.api_url)
        matching = UserMapping(TEAM, SLACK_TRAIT)
        users = UserDirectory(slack, teleport, matching, now=utc_now)
        return cls(
            teleport,
            LinkedUsers(teleport, MemberNames(slack, TEAM), matching),
            Authorization(teleport, users),
            Permissions(teleport, ReviewPolicy()),
        )


async def blocks_of_menus(
    around: StandIns, typed: Mapping[str, Sequence[str]], rounds: int
) -> Mapping[str, list[float]]:
    """Return the longest block of each search by menu, in milliseconds of CPU time."""
    credentials = load_identity_file(around.teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(around.teleport.address, lambda: credentials)) as teleport:
        readers = _Readers.of(around, teleport)
        menus = {
            "resources": await _resources(teleport),
            "roles": await _roles(readers),
            "reviewers": await _reviewers(readers),
        }
        return {name: await _blocks(menus[name], typed[name], rounds) for name in menus}


async def _blocks(
    search: Callable[[str], Awaitable[None]], typed: Sequence[str], rounds: int
) -> list[float]:
    blocks: list[float] = []
    for text in (*typed,) * rounds:
        async with _longest_block() as longest:
            await search(text)
        blocks.append(max(longest))
    return blocks


async def _resources(teleport: TeleportClient) -> Callable[[str], Awaitable[None]]:
    index = ResourceIndex(teleport, CLUSTER)
    await index.relist()
    roles = [await teleport.roles.get(name) for name in ("staging", "prod")]

    async def search(text: str) -> None:
        found = await index.search(text, roles, everything=False, limit=MOST_OPTIONS)
        paths = [resource_path(index.id_of(each)) for each in found.items]
        menu([*map(resource_option.option, paths, found.items)], found.total)

    return search


async def _roles(readers: _Readers) -> Callable[[str], Awaitable[None]]:
    names = (await readers.permissions.capabilities("alice")).requestable_roles

    async def search(text: str) -> None:
        roles = Searchable(entry(name, name) for name in names)
        found = await roles.search(text, limit=MOST_OPTIONS)
        menu([role_option.option(name) for name in found.items], found.total)

    return search


async def _reviewers(readers: _Readers) -> Callable[[str], Awaitable[None]]:
    services = cast("Services", readers)
    await possible_reviewers(services, "alice", ())

    async def search(text: str) -> None:
        linked = await possible_reviewers(services, "alice", ("staging",))
        users = Searchable(entry(each, each.name, (each.slack_name,)) for each in linked)
        found = await users.search(text, limit=len(linked))
        first = found.items[:MOST_OPTIONS]
        options = [
            reviewer_option(each.slack_user_id, each.name, each.slack_name, suggested=False)
            for each in first
        ]
        menu(options, found.total)

    return search


@asynccontextmanager
async def _longest_block() -> AsyncIterator[list[float]]:
    """Yield a list that gets the milliseconds between two turns of the event loop."""
    gaps = [0.0]

    async def watch() -> None:
        last = process_time()
        while True:
            await asyncio.sleep(0)
            now = process_time()
            gaps.append((now - last) * 1_000)
            last = now

    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    yield gaps
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
