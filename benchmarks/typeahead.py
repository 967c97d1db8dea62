"""Type-ahead in the request form: time of a keystroke, longest block, memory of the index.

The bot runs between stand-ins with 1,000 roles, 20,000 resources and 300 users. The blocks are
those of a search and its menu in this process.
"""

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time

from benchmarks.percentile import percentile
from benchmarks.row import Measurement
from benchmarks.stand_ins import StandIns, bot_between, stand_ins
from sandbox.cast import CLUSTER, SLACK_TRAIT
from sandbox.slack.wire import JsonObject
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import AccessRequestConditions, RoleConditions
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.resource import Resource
from teleport_client.rules.resource_paths import resource_path
from teleport_client.transport.dialer import dial
from workspace.directory.candidates.resource_index import ResourceIndex, searchable
from workspace.views.modals import resource_option
from workspace.views.modals.menu import MOST_OPTIONS, menu

_ROLES, _RESOURCES, _USERS = 1_000, 20_000, 300
_KEYSTROKE_MS, _BLOCK_MS = 50.0, 10.0
_ROUNDS = 20
_READY_SECONDS = 60
_TYPED = {
    "resources": ("", "s", "staging", "tier=staging db", "stagng-web-1", "node-00017", "zzzz"),
    "roles": ("", "team", "team-0042", "tm-42"),
    "reviewers": ("", "user-1", "bob"),
}
"""By menu."""
_WORDS = ("staging", "prod", "web", "db", "cache", "queue", "search", "billing")


class TypeaheadRow:
    name = "typeahead"

    async def measure(self, folder: Path) -> Sequence[Measurement]:
        random.seed(1)
        async with stand_ins(folder) as around:
            _fill(around)
            async with bot_between(around):
                pages = _RESOURCES // 500
                listing = around.teleport.journal.wait_for_call(
                    "ListUnifiedResources", count=pages, ended=True
                )
                await asyncio.wait_for(listing, _READY_SECONDS)
                keystrokes = await _type(around)
            blocks = await _search(around)
        half, whole = (_bytes_each(count) for count in (_RESOURCES // 2, _RESOURCES))
        return [
            # Other programs disturb some rounds.
            Measurement(
                "typeahead p99",
                "ms",
                median(percentile(times, 99) for times in keystrokes),
                _KEYSTROKE_MS,
                1.0,
            ),
            Measurement("typeahead block p99", "ms", percentile(blocks, 99), _BLOCK_MS, 1.0),
            Measurement("typeahead memory of 20,000", "B each", whole, half, 1.1),
        ]


async def _type(around: StandIns) -> list[list[float]]:
    """Return the milliseconds from each keystroke to its menu, by round."""
    await around.slack.act(_act("command", channel="general", text="/teleport-request"))
    form = await around.slack.view_where("alice", lambda v: v.get("submit"), _READY_SECONDS)
    rounds: list[list[float]] = []
    for _ in range(_ROUNDS + 1):
        rounds.append([])
        for menu_name, text in ((name, text) for name, texts in _TYPED.items() for text in texts):
            done = await around.slack.act(
                _act("suggest", view_id=form["id"], action_id=menu_name, text=text)
            )
            rounds[-1].append(float(done["ack_ms"]))
    return rounds[1:]  # the first one fills caches, as the opening of a form does


async def _search(around: StandIns) -> list[float]:
    """Return the longest block of the event loop in each search, in milliseconds of CPU time."""
    credentials = load_identity_file(around.teleport.identity("bot"), datetime.now(UTC))
    blocks: list[float] = []
    async with TeleportClient(dial(around.teleport.address, lambda: credentials)) as teleport:
        index = ResourceIndex(teleport, CLUSTER)
        await index.relist()
        roles = [await teleport.roles.get(name) for name in ("staging", "prod")]
        for text in _TYPED["resources"] * _ROUNDS:
            async with _longest_block() as longest:
                found = await index.search(text, roles, everything=False, limit=MOST_OPTIONS)
                paths = [resource_path(index.id_of(each)) for each in found.items]
                options = map(resource_option.option, paths, found.items)
                menu([*options], found.total)
            blocks.append(max(longest))
    return blocks


def _act(do: str, **arguments: str) -> JsonObject:
    return {"as": "alice", "do": do, **arguments}


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


def _fill(around: StandIns) -> None:
    cluster = around.teleport.cluster
    names = [f"team-{number:04}" for number in range(_ROLES)]
    for name in names:
        cluster.put_role(resources.role(name))
    everything = AccessRequestConditions(Roles=["team-*"], SearchAsRoles=["staging", "prod"])
    cluster.put_role(resources.role("many", RoleConditions(Request=everything)))
    cluster.users["alice"].Spec.Roles.append("many")
    cluster.nodes.extend(
        resources.node(each.host_name, "192.0.2.1:3022", each.labels)
        for each in _samples(_RESOURCES)
    )
    for number in range(_USERS):
        trait = {SLACK_TRAIT: [f"U0USER{number:04}"]}
        cluster.add_user(f"user-{number:03}", ["dev", "reviewer"], trait)


def _samples(count: int) -> Iterator[Resource]:
    for number in range(count):
        first, second, tier = (random.choice(_WORDS) for _ in range(3))  # noqa: S311 - test data
        labels = {"tier": tier, "team": second, "env": first, "number": str(number)}
        yield Resource("node", f"id-{number:032}", f"{first}-{second}-{number:05}", labels)


def _bytes_each(count: int) -> float:
    """Return the memory of an index for each of its resources."""
    tracemalloc.start()
    try:
        index = searchable(_samples(count))
        return tracemalloc.get_traced_memory()[0] / len(index)
    finally:
        tracemalloc.stop()
