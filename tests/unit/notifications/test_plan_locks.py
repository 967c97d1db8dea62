"""A lock changes the card and the notice about the approval, and nothing else."""

from dataclasses import replace

from notifications.notification_rules import Details, UpdateMessage, plan
from notifications.records.entry import Entry, entry_from_json
from notifications.records.slots import card_slot, notice_slot
from teleport_client.model.access_request import RequestState
from tests.unit.notifications.test_plan import (
    CHANNEL,
    NOW,
    OUTLOOK,
    announce,
    execute,
    make_request,
)
from workspace.card_model.notice import Notice
from workspace.card_model.record import CardLock

APPROVED = make_request(state=RequestState.APPROVED)
LOCK = CardLock("alice", "I'm done")


def updated(entry: Entry, lock: CardLock | None) -> tuple[set[str], Entry]:
    """Return the slots that a plan updates, and the entry after it."""
    made = plan(APPROVED, entry, (CHANNEL,), NOW, OUTLOOK, details=Details(lock=lock))
    after = execute(made, entry)
    assert after is not None
    assert all(isinstance(action, UpdateMessage) for action in made.actions)
    return {action.slot for action in made.actions if isinstance(action, UpdateMessage)}, after


def test_lock_and_its_removal_update_card_and_notice_once() -> None:
    messages = {card_slot(CHANNEL), notice_slot(Notice.APPROVED)}
    entry = announce(APPROVED)
    slots, locked = updated(entry, LOCK)
    assert slots == messages
    assert locked.card_model.locked
    assert updated(locked, LOCK) == (set(), locked)
    other, _ = updated(locked, replace(LOCK, message="stopped by a reviewer"))
    assert other == messages
    slots, unlocked = updated(locked, None)
    assert slots == messages
    assert unlocked.card_model == entry.card_model
    assert updated(unlocked, None) == (set(), unlocked)


def test_entry_with_a_lock_survives_json() -> None:
    _, locked = updated(announce(APPROVED), LOCK)
    assert entry_from_json(locked.to_json()) == locked


def test_denied_request_does_not_show_a_lock() -> None:
    """It gives no access in any case."""
    denied = make_request(state=RequestState.DENIED)
    assert not plan(
        denied, announce(denied), (CHANNEL,), NOW, OUTLOOK, details=Details(lock=LOCK)
    ).actions
