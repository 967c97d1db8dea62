"""Each kind of audit event has a sentence."""

from datetime import UTC, datetime

import pytest

from sandbox.page.teleport.audit import event_rows
from sandbox.page.teleport.clock import Clock
from sandbox.teleport.audit import events, login_events
from sandbox.teleport.audit.audit_log import AuditLog, Event
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.state.resources import user
from teleport_client._proto.authservice_pb2 import RequestStateSetter
from teleport_client._proto.types_pb2 import (
    APPROVED,
    DENIED,
    PENDING,
    AccessRequestSpecV3,
    AccessRequestV3,
    AccessReview,
    LockSpecV2,
    LockTarget,
    LockV2,
)

_NOW = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
_DANA = events.Actor("dana")
_REQUEST = AccessRequestV3(Spec=AccessRequestSpecV3(User="alice", Roles=["prod"], State=PENDING))
_REVIEW = AccessReview(Author="bob", ProposedState=DENIED)
_LOCK = LockV2(Spec=LockSpecV2(Target=LockTarget(User="erin")))
_LOGIN = Identity("alice", ("dev", "prod"), "main", _NOW)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (events.request_created(_DANA, _REQUEST), "alice requested prod."),
        (events.request_reviewed(_REQUEST, _REVIEW), "bob denied a request. It is pending."),
        (
            events.request_updated(_DANA, _REQUEST, RequestStateSetter(State=APPROVED)),
            "dana set a request to approved.",
        ),
        (events.request_deleted(_DANA, "1"), "dana deleted a request."),
        (events.request_expired(_REQUEST), "A request has expired."),
        (events.lock_created(_DANA, _LOCK), "dana created a lock on user erin."),
        (events.lock_deleted(_DANA, _LOCK), "dana removed a lock on user erin."),
        (
            events.user_created(_DANA, user("olga", ["dev"])),
            "dana created or replaced the user olga.",
        ),
        (events.user_deleted(_DANA, "olga"), "dana deleted the user olga."),
        (events.role_created(_DANA, "dev"), "dana created or replaced the role dev."),
        (events.role_deleted(_DANA, "dev"), "dana deleted the role dev."),
        (login_events.logged_in(_DANA), "dana logged in."),
        (
            login_events.certificate_created(_DANA, _LOGIN, {}),
            "alice got a certificate with dev, prod.",
        ),
    ],
)
def test_event_has_a_sentence_and_a_local_time(event: Event, sentence: str) -> None:
    audit = AuditLog("main", lambda: _NOW, lambda: None)
    audit.emit(event)
    (row,) = event_rows(audit, Clock.of(_NOW, "alice"))
    assert row.sentence == sentence
    assert row.time.text == "12:30 AM"  # in Berlin
