"""Warnings before access ends. An administrator shortens access, so that they are due in a trial.

Only access of more than an hour gets the warning an hour before its end. So the bot's own rules
apply, and no trial lasts until the access ends.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.timestamps import moment, stamp
from teleport_client._proto.types_pb2 import APPROVED, AccessRequestV3
from tests.chaos.teleport_state import Life
from tests.integration.slack_driver import words

BEFORE_END = timedelta(hours=1)
"""The setting `request.warn_before_end` of a trial's bots."""
_WARNING = "ends soon"

Finding = tuple[str, str]


def shorten_access(
    teleport: TeleportStandIn, request: AccessRequestV3, until_warning: timedelta
) -> bool:
    """Let approved access end early, so that the warning is due in a moment."""
    end = datetime.now(UTC) + BEFORE_END + until_warning
    if request.Spec.State != APPROVED or moment(request.Spec.Expires) < end:
        return False
    shortened = AccessRequestV3()
    shortened.CopyFrom(request)
    shortened.Spec.Expires.CopyFrom(stamp(end))
    shortened.Spec.ResourceExpiry.CopyFrom(stamp(end))
    teleport.cluster.requests.put(shortened)
    return True


def compare_warnings(
    life: Life, notices: Sequence[dict[str, Any]], now: datetime, *, locked: bool
) -> Iterator[Finding]:
    """Expect one warning with the current end, none before it is due."""
    found = [each for each in notices if _WARNING in words(each)]
    due = _due(life)
    if len(found) > 1:
        yield "doubled", f"{len(found)} times: warning"
    if found and (due is None or due > now):
        yield "wrong", "a warning that isn't due"
    usable = life.gone is None and not locked
    if due is None or due > now or not usable:
        return
    end = str(life.request.Spec.Expires.seconds)
    if not found:
        yield "lost", "no warning before the access ends"
    elif not any(end in words(each) for each in found):
        yield "wrong", "no warning shows the current end"


def _due(life: Life) -> datetime | None:
    spec = life.request.Spec
    if spec.State != APPROVED:
        return None
    starts = [spec.Created, *(review.Created for review in spec.Reviews)]
    if spec.HasField("AssumeStartTime"):
        starts.append(spec.AssumeStartTime)
    end = moment(spec.Expires)
    return end - BEFORE_END if end - max(map(moment, starts)) > BEFORE_END else None
