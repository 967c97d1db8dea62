"""The user actions and faults of a trial with their times: the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class UserAction(StrEnum):
    """The actions of users: by command or click in Slack, with tsh, or with tctl."""

    REQUEST_IN_SLACK = "request in Slack"
    REQUEST_HOST = "request a host in Slack"
    REQUEST_BY_FORM = "request by the form"
    REQUEST_WITH_TSH = "request with tsh"
    REQUEST_FOR_SECONDS = "request with tsh, for seconds"
    APPROVE_IN_SLACK = "approve in Slack"
    DENY_IN_SLACK = "deny in Slack"
    CLICK_APPROVE = "click Approve"
    DENY_BY_FORM = "click Deny and fill in the form"
    APPROVE_TOGETHER = "approve several requests in one form"
    DENY_TOGETHER = "deny several requests in one form"
    APPROVE_WITH_TSH = "approve with tsh"
    DENY_WITH_TSH = "deny with tsh"
    RESOLVE_WITH_TCTL = "resolve with tctl"
    DELETE_WITH_TCTL = "delete with tctl"
    CANCEL = "click Cancel request"
    EXTEND = "click Extend"
    DONE = "click I'm done"
    LOCK = "click Lock access"
    LOCK_WITH_TCTL = "lock with tctl"
    UNLOCK_WITH_TCTL = "unlock with tctl"
    SHORTEN_ACCESS = "shorten the access"


class Fault(StrEnum):
    KILL = "kill -9"
    TERMINATE = "SIGTERM"
    FREEZE = "SIGSTOP"
    CUT_SOCKETS = "sockets cut"
    REFRESH_SOCKETS = "sockets refreshed"
    SWALLOW_SOCKET = "a socket swallows messages"
    RATE_LIMIT = "429"
    SERVER_ERROR = "5xx"
    LOSE_ANSWER = "response of Slack lost"
    STALL_SLACK = "Slack stalls"
    CUT_WATCH = "watch cut"
    TELEPORT_UNAVAILABLE = "Teleport unavailable"
    LOSE_WRITE = "response of Teleport lost"
    STALL_TELEPORT = "Teleport stalls"
    STALE_LISTS = "stale lists"
    TORN_IDENTITY = "torn identity"
    RENEWED_IDENTITY = "identity renewed"
    RESTART_TELEPORT = "Teleport restarted"


@dataclass(frozen=True, slots=True)
class Step:
    at: float
    """Seconds from the start."""
    what: UserAction | Fault
    number: int
    """Number of the request of a user action. For a fault, it selects a replica or a method."""


def schedule(seed: int, *, requests: int, seconds: float, faults: int) -> tuple[Step, ...]:
    """Return the steps within these seconds. Later steps of a request follow its creation."""
    random = Random(seed)
    steps = [*_lives(random, requests, seconds)]
    steps += (
        Step(random.uniform(0, seconds), random.choice([*Fault]), random.randrange(60))
        for _ in range(faults)
    )
    return tuple(sorted(steps, key=lambda step: (step.at, step.what, step.number)))


def _lives(random: Random, requests: int, seconds: float) -> Iterator[Step]:
    for number in range(requests):
        at = random.uniform(0, seconds * 0.8)
        yield Step(at, random.choice(_CREATIONS), number)
        for action in random.choice(_LIVES):
            at = min(seconds, at + random.uniform(0.2, seconds * 0.2))
            yield Step(at, action, number)


_CREATIONS = (
    UserAction.REQUEST_IN_SLACK, UserAction.REQUEST_IN_SLACK,
    UserAction.REQUEST_HOST, UserAction.REQUEST_BY_FORM,
    UserAction.REQUEST_WITH_TSH, UserAction.REQUEST_WITH_TSH,
    UserAction.REQUEST_FOR_SECONDS,
)  # fmt: skip
_LIVES: tuple[tuple[UserAction, ...], ...] = (
    (),
    (UserAction.APPROVE_IN_SLACK,),
    (UserAction.CLICK_APPROVE,),
    (UserAction.APPROVE_IN_SLACK, UserAction.CLICK_APPROVE),
    (UserAction.CLICK_APPROVE, UserAction.APPROVE_WITH_TSH),
    (UserAction.APPROVE_WITH_TSH, UserAction.APPROVE_WITH_TSH),
    (UserAction.APPROVE_IN_SLACK, UserAction.DENY_WITH_TSH),
    (UserAction.DENY_IN_SLACK,),
    (UserAction.DENY_BY_FORM,),
    (UserAction.APPROVE_TOGETHER,),
    (UserAction.APPROVE_TOGETHER, UserAction.APPROVE_TOGETHER),
    (UserAction.DENY_TOGETHER,),
    (UserAction.DENY_WITH_TSH,),
    (UserAction.RESOLVE_WITH_TCTL,),
    (UserAction.APPROVE_IN_SLACK, UserAction.RESOLVE_WITH_TCTL),
    (UserAction.DELETE_WITH_TCTL,),
    (UserAction.APPROVE_WITH_TSH, UserAction.DELETE_WITH_TCTL),
    (UserAction.CANCEL,),
    (UserAction.CANCEL, UserAction.DELETE_WITH_TCTL),
    (UserAction.CANCEL, UserAction.CLICK_APPROVE),
    (UserAction.APPROVE_IN_SLACK, UserAction.EXTEND),
    (UserAction.APPROVE_WITH_TSH, UserAction.EXTEND, UserAction.EXTEND),
    (UserAction.APPROVE_WITH_TSH, UserAction.APPROVE_IN_SLACK, UserAction.DONE),
    (UserAction.APPROVE_WITH_TSH, UserAction.LOCK, UserAction.LOCK),
    (UserAction.APPROVE_WITH_TSH, UserAction.DONE, UserAction.UNLOCK_WITH_TCTL),
    (UserAction.APPROVE_IN_SLACK, UserAction.LOCK_WITH_TCTL, UserAction.UNLOCK_WITH_TCTL),
    (UserAction.CLICK_APPROVE, UserAction.LOCK_WITH_TCTL),
    (UserAction.APPROVE_WITH_TSH, UserAction.APPROVE_WITH_TSH, UserAction.SHORTEN_ACCESS),
    (UserAction.CLICK_APPROVE, UserAction.SHORTEN_ACCESS, UserAction.SHORTEN_ACCESS),
    (UserAction.APPROVE_WITH_TSH, UserAction.SHORTEN_ACCESS, UserAction.EXTEND),
    (UserAction.APPROVE_IN_SLACK, UserAction.SHORTEN_ACCESS, UserAction.DELETE_WITH_TCTL),
    (UserAction.APPROVE_WITH_TSH, UserAction.SHORTEN_ACCESS, UserAction.LOCK_WITH_TCTL),
)
