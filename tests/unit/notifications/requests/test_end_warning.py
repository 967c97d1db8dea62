"""Which requests get a warning before their access ends, and when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.end_warning import is_current, warning_time
from notifications.notification_rules import PlanContext, SendNotice, UpdateMessage, plan
from notifications.records.entry import Entry, Intent, PostedMessage
from notifications.records.slots import notice_slot
from teleport_client.model.access_request import AccessRequest, RequestState, Review
from tests import samples
from tests.samples import NOW, model_of
from tests.strategies import moments, requests
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardLock

MINUTE = timedelta(minutes=1)
BEFORE = 10 * MINUTE
CONTEXT = PlanContext(warn_before_end=BEFORE)
SLOT = notice_slot(Notice.ENDING)


def approved(*, left: timedelta) -> AccessRequest:
    """Return approved access of an hour or more, which ends after `left`."""
    return samples.request(
        state=RequestState.APPROVED, created=NOW - 60 * MINUTE, access_until=NOW + left
    )


def entry_of(request: AccessRequest, *slots: str) -> Entry:
    """Return an entry with these DMs, besides the notice about the approval."""
    entry = Entry(card_model=model_of(request))
    for slot in (notice_slot(Notice.APPROVED), *slots):
        entry = entry.with_message(PostedMessage(slot=slot, channel="D1", ts="1"))
    return entry


def warnings(request: AccessRequest | None, entry: Entry | None, now: datetime = NOW) -> int:
    actions = plan(request, entry, (), now, CONTEXT).actions
    return sum(isinstance(each, SendNotice) and each.slot == SLOT for each in actions)


@pytest.mark.parametrize(
    ("left", "expected"),
    [(11 * MINUTE, 0), (10 * MINUTE, 1), (MINUTE, 1), (timedelta(), 0), (-MINUTE, 0)],
)
def test_warning_is_sent_only_in_the_last_minutes(left: timedelta, expected: int) -> None:
    """A late one is sent while the access lasts."""
    request = approved(left=left)
    assert warnings(request, entry_of(request)) == expected


def test_warning_follows_the_notice_about_the_approval() -> None:
    request = approved(left=MINUTE)
    assert warnings(request, None) == 0
    assert warnings(request, Entry(card_model=model_of(request))) == 0
    skipped = replace(Entry(card_model=model_of(request)), skipped_at=NOW)
    assert warnings(request, skipped) == 1


def test_warning_is_sent_once() -> None:
    """The record of the message, or of its intent, occupies the slot."""
    request = approved(left=MINUTE)
    assert warnings(request, entry_of(request, SLOT)) == 0
    intent = Intent(slot=SLOT, channel="D1", key="k", at=NOW)
    assert warnings(request, entry_of(request).with_intents((intent,))) == 0
    rejected = entry_of(request).with_intents((intent,)).mark_undelivered("k")
    assert warnings(request, rejected) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"created": NOW - 28 * MINUTE},
        {"assume_start": NOW - 20 * MINUTE},
        {"reviews": (Review("bob", RequestState.APPROVED, created=NOW - 20 * MINUTE),)},
        {"state": RequestState.PENDING},
        {"state": RequestState.DENIED},
        {"state": RequestState.PROMOTED},
        {"access_until": None},
    ],
)
def test_short_and_unlimited_access_gets_no_warning(changes: dict[str, object]) -> None:
    """The access starts with the approval, at the requested start if that is later."""
    request = replace(approved(left=MINUTE), **changes)  # type: ignore[arg-type]
    assert warnings(request, entry_of(request)) == 0


def test_locked_access_gets_no_warning_until_it_is_unlocked() -> None:
    model = model_of(approved(left=MINUTE))
    assert is_current(model, BEFORE, NOW)
    assert not is_current(replace(model, lock=CardLock()), BEFORE, NOW)


def test_warning_can_be_turned_off() -> None:
    request = approved(left=MINUTE)
    assert warning_time(request, timedelta()) is None
    assert plan(request, entry_of(request), (), NOW, PlanContext()).actions == ()


def test_warning_longer_before_than_the_access_is_not_sent() -> None:
    """The notice about the approval is as recent."""
    request = approved(left=MINUTE)
    assert warning_time(request, timedelta(hours=2)) is None


def test_deleted_request_gets_no_warning() -> None:
    request = approved(left=MINUTE)
    assert warnings(None, entry_of(request)) == 0


def test_sent_warning_follows_the_end() -> None:
    """It is updated when the end changes, when the access ends, and when the request is deleted."""
    request = approved(left=5 * MINUTE)
    shown = entry_of(request).with_message(
        PostedMessage(slot=SLOT, channel="D1", ts="2", fingerprint=f"approved {NOW + 5 * MINUTE}")
    )
    later = approved(left=60 * MINUTE)
    for now, changed, expected in (
        (NOW, request, False),
        (NOW, later, True),
        (NOW, None, True),
        (NOW + 6 * MINUTE, None, True),
    ):
        actions = plan(changed, shown, (), now, CONTEXT).actions
        updated = [each.slot for each in actions if isinstance(each, UpdateMessage)]
        assert (SLOT in updated) is expected
        assert not [each for each in actions if isinstance(each, SendNotice)]


@given(requests(), moments, st.timedeltas(timedelta(), timedelta(days=2)))
def test_warning_is_due_during_the_access_only(
    request: AccessRequest, now: datetime, before: timedelta
) -> None:
    due = warning_time(request, before)
    if due is None:
        return
    assert request.access_until is not None
    assert due == request.access_until - before
    assert request.assume_start is None or request.assume_start <= due
    current = is_current(model_of(request), before, now)
    assert current == (due <= now < request.access_until)
