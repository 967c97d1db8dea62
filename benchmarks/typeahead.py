"""Type-ahead in the request form: time of a keystroke, longest block, memory.

The bot runs between stand-ins with 1,000 roles, 20,000 resources and 300 users, and before that
between empty ones, for comparison. The blocks are those of a search and its menu in this process.
"""

import asyncio
import random
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks.menu_blocks import blocks_of_menus
from benchmarks.percentile import percentile
from benchmarks.process_usage import resident_megabytes
from benchmarks.row import Measurement
from benchmarks.stand_ins import StandIns, bot_between, stand_ins
from sandbox.cast import SLACK_TRAIT
from sandbox.slack.wire import JsonObject
from sandbox.teleport.state import resources
from teleport_client._proto.types_pb2 import AccessRequestConditions, RoleConditions
from teleport_client.model.resource import Resource
from workspace.directory.candidates.resource_index import searchable

_ROLES, _RESOURCES, _USERS = 1_000, 20_000, 300
_KEYSTROKE_MS, _BLOCK_MS, _GROWTH_MB = 50.0, 10.0, 80.0
_ROUNDS = 20
_READY_SECONDS = 180
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
            async with bot_between(around) as bot:
                await _type(around, rounds=1)
                bare = resident_megabytes(bot.pid)
            _fill(around)
            async with bot_between(around) as bot:
                before = len(around.teleport.journal.of("ListUnifiedResources"))
                pages = before + _RESOURCES // 500
                listing = around.teleport.journal.wait_for_call(
                    "ListUnifiedResources", count=pages, ended=True
                )
                await asyncio.wait_for(listing, _READY_SECONDS)
                keystrokes = await _type(around, rounds=_ROUNDS)
                grown = resident_megabytes(bot.pid) - bare
            blocks = await blocks_of_menus(around, _TYPED, _ROUNDS)
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
            *(
                Measurement(
                    f"typeahead block p99, {name}", "ms", percentile(times, 99), _BLOCK_MS, 1.0
                )
                for name, times in blocks.items()
            ),
            Measurement("typeahead growth of the bot", "MB", grown, _GROWTH_MB, 1.0),
            Measurement("typeahead memory of 20,000", "B each", whole, half, 1.1),
        ]


async def _type(around: StandIns, *, rounds: int) -> list[list[float]]:
    """Return the milliseconds from each keystroke to its menu, by round."""
    await around.slack.act(_act("command", channel="general", text="/teleport-request"))
    form = await around.slack.view_where("alice", lambda v: v.get("submit"), _READY_SECONDS)
    times: list[list[float]] = []
    for _ in range(rounds + 1):
        times.append([])
        for menu_name, text in ((name, text) for name, texts in _TYPED.items() for text in texts):
            done = await around.slack.act(
                _act("suggest", view_id=form["id"], action_id=menu_name, text=text)
            )
            times[-1].append(float(done["ack_ms"]))
    await around.slack.act(_act("close", view_id=form["id"]))
    return times[1:]  # the first one fills caches, as the opening of a form does


def _act(do: str, **arguments: str) -> JsonObject:
    return {"as": "alice", "do": do, **arguments}


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
