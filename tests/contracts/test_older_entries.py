"""Entries of older versions are read, written and read back, with the same fingerprints."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.bot import running_bot
from tests.contracts.older_version import (
    COMMITS,
    PLUGIN,
    OlderVersion,
    fingerprints,
    older_version,
)
from tests.contracts.stand_ins import StandIns, stand_ins_after
from tests.patience import PATIENCE_SECONDS

CHANNEL = "C0ACCESS01"
MARKED = "waiting"
"""The state with an outdated card in these tests. The tests wait for its update."""
STATUSES = (
    "waiting", "approved", "denied", "promoted", "ran_out", "ended", "deleted", "deleted_approved",
)  # fmt: skip
GONE = {
    "expired since": ("2026-11-26T00:00:00Z", "dm:ran_out"),
    "deleted since": ("2100-01-01T00:00:00Z", "dm:deleted"),
}
"""Deleted requests that are recorded as waiting: when they expire, and the slot of the notice."""
NOTICES = ("created", "approved", "denied", "promoted", "ran_out", "deleted")
_FACE = re.compile(r'"face":"[0-9a-f]{12}"')


@pytest.fixture(params=COMMITS)
def older(request: pytest.FixtureRequest) -> OlderVersion:
    return older_version(request.param)


def with_other_fingerprints(text: str) -> str:
    """Change every card's fingerprint."""
    return _FACE.sub('"face":"000000000000"', text)


def marking(older: OlderVersion) -> Callable[[str], str]:
    """Return the change of the fingerprint in the marked entry alone."""
    request_id = older.request_id(MARKED)
    return lambda text: with_other_fingerprints(text) if request_id in text else text


def shows(wanted: dict[str, str]) -> Callable[[dict[str, Any]], bool]:
    """Return whether an entry records these fingerprints."""
    return lambda entry: fingerprints(entry) == wanted


async def entry_where(
    stand_ins: StandIns, request_id: str, fits: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """Return the entry of a request as soon as it fits. Teleport reports no write."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            stored = await stand_ins.teleport.plugin_data(request_id)
            entry: dict[str, Any] = json.loads(stored[PLUGIN]["entry"])
            if fits(entry):
                return entry
            await asyncio.sleep(0.05)


async def test_entries_are_written_with_the_same_fingerprints(
    older: OlderVersion, tmp_path: Path
) -> None:
    """An outdated card is rendered again. Its fingerprint is the older version's."""
    async with (
        stand_ins_after(older, tmp_path, with_other_fingerprints) as stand_ins,
        running_bot(stand_ins.settings),
    ):
        compared = 0
        for state in older.content["requests"]:
            if wanted := fingerprints(older.entry(state)):
                await entry_where(stand_ins, older.request_id(state), shows(wanted))
                compared += len(wanted)
    assert compared == 9


async def test_entries_are_read_and_written_and_read_back(
    older: OlderVersion, tmp_path: Path
) -> None:
    """The bot sends only outdated messages, at the first start and at the second."""
    marked = card_of(older.entry(MARKED))
    async with stand_ins_after(older, tmp_path, marking(older)) as stand_ins:
        async with running_bot(stand_ins.settings):
            await stand_ins.updated(marked["ts"], times=1)
            owed = await settled(stand_ins, older.request_id("owed"))
            found = await settled(stand_ins, older.request_id("open intent"))
        # The bot finds messages with a lost response by their keys, and posts the others.
        sent = {each["ts"] for each in (card_of(owed), card_of(found), dm_of(found))}
        lost = sent & {each["ts"] for each in older.content["messages"]}
        assert card_of(found)["ts"] in lost
        assert stand_ins.updates() == {marked["ts"], *lost}
        assert len(stand_ins.calls("chat.postMessage")) == len(sent - lost)
        async with running_bot(stand_ins.settings):
            # The bot renders entries from the last minute again.
            await stand_ins.updated(marked["ts"], times=2)
        touched = {each["ts"] for each in older.entry(MARKED)["messages"]} | sent
        assert stand_ins.updates() <= touched
        assert len(stand_ins.calls("chat.postMessage")) == len(sent - lost)


async def test_every_status_and_notice_is_read(tmp_path: Path) -> None:
    """An entry with an unknown value counts as none, so its card would be posted again.

    The notices about requests that are gone are posted, and recorded under their names.
    """
    older = with_every_status(older_version(COMMITS[-1]))
    async with (
        stand_ins_after(older, tmp_path, with_other_fingerprints, gone=GONE) as stand_ins,
        running_bot(stand_ins.settings),
    ):
        for state in STATUSES:
            await stand_ins.updated(card_of(older.entry(state))["ts"], times=1)
        for state, (_, notice) in GONE.items():
            request_id = older.request_id(state)
            await entry_where(stand_ins, request_id, lambda entry: has_slot(entry, notice))  # noqa: B023
        assert len(stand_ins.calls("chat.postMessage")) == len(GONE)


def has_slot(entry: dict[str, Any], slot: str) -> bool:
    return slot in {each["slot"] for each in entry["messages"]}


def with_every_status(older: OlderVersion) -> OlderVersion:
    """Return copies of the waiting request: in each status with every notice, and those in GONE."""
    content: dict[str, Any] = {"requests": {}, "plugin_data": {}, "messages": []}
    template = {
        "request": older.content["requests"][MARKED],
        "stored": older.content["plugin_data"][older.request_id(MARKED)],
    }
    for number, status in enumerate((*STATUSES, *GONE)):
        request_id = f"0190c0de-0000-7000-8000-0000000000{number:02}"
        text = json.dumps(template).replace(older.request_id(MARKED), request_id)
        copied = json.loads(text)
        entry = json.loads(copied["stored"][PLUGIN]["entry"])
        if status in GONE:
            entry["face"]["waiting_until"] = GONE[status][0]
        else:
            entry["face"]["status"] = status
        card = {**card_of(entry), "ts": f"1795000000.0000{number:02}"}
        told = ("created",) if status in GONE else NOTICES
        notices = [{"slot": f"dm:{notice}", "channel": "", "ts": ""} for notice in told]
        entry["messages"] = [card, *notices]
        copied["stored"][PLUGIN]["entry"] = json.dumps(entry, separators=(",", ":"))
        content["requests"][status] = copied["request"]
        content["plugin_data"][request_id] = copied["stored"]
        content["messages"].append(
            {**older.content["messages"][0], "ts": card["ts"], "channel": CHANNEL}
        )
    return OlderVersion(older.commit, content)


async def settled(stand_ins: StandIns, request_id: str) -> dict[str, Any]:
    """Return the entry of a request once it has no open intent."""
    return await entry_where(stand_ins, request_id, lambda entry: not entry.get("intents"))


def card_of(entry: dict[str, Any]) -> dict[str, str]:
    """Return the card in the channel, as the entry records it."""
    return _message(entry, f"card:{CHANNEL}")


def dm_of(entry: dict[str, Any]) -> dict[str, str]:
    """Return the DM about the new request, as the entry records it."""
    return _message(entry, "dm:created")


def _message(entry: dict[str, Any], slot: str) -> dict[str, str]:
    (found,) = (each for each in entry["messages"] if each["slot"] == slot)
    return dict(found)
