"""The user actions and faults of a trial with their times: the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class UserAction(StrEnum):
    """The actions of users, and where: by command or click in Slack, or outside the bot."""

    ASK_IN_SLACK = "ask in Slack"
    ASK_ELSEWHERE = "ask elsewhere"
    ASK_FOR_A_MOMENT = "ask elsewhere, for seconds"
    APPROVE_IN_SLACK = "approve in Slack"
    DENY_IN_SLACK = "deny in Slack"
    CLICK_APPROVE = "click Approve"
    DENY_BY_FORM = "click Deny and fill in the form"
    APPROVE_ELSEWHERE = "approve elsewhere"
    DENY_ELSEWHERE = "deny elsewhere"
    RESOLVE_WITH_TCTL = "resolve with tctl"
    DELETE_WITH_TCTL = "delete with tctl"


class Fault(StrEnum):
    KILL = "kill -9"
    TERMINATE = "SIGTERM"
    FREEZE = "SIGSTOP"
    CUT_SOCKETS = "sockets cut"
    REFRESH_SOCKETS = "sockets refreshed"
    SWALLOW_SOCKET = "a socket swallows all"
    RATE_LIMIT = "429"
    SERVER_ERROR = "5xx"
    LOSE_ANSWER = "answer of Slack lost"
    STALL_SLACK = "Slack stalls"
    CUT_WATCH = "watch cut"
    TELEPORT_UNAVAILABLE = "Teleport unavailable"
    LOSE_WRITE = "answer of Teleport lost"
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
    """Of the request for a deed; picks a replica or a method for a fault."""


def schedule(seed: int, *, requests: int, seconds: float, faults: int) -> tuple[Step, ...]:
    """Spread the steps over these seconds. The later steps of a request follow its creation."""
    random = Random(seed)
    steps = [*_lives(random, requests, seconds)]
    steps += (
        Step(random.uniform(0, seconds), random.choice([*Fault]), random.randrange(60))
        for _ in range(faults)
    )
    return tuple(sorted(steps, key=lambda step: (step.at, step.what, step.number)))


def _lives(random: Random, requests: int, seconds: float) -> Iterator[Step]:
    for number in range(requests):
        asked = random.uniform(0, seconds * 0.8)
        yield Step(asked, random.choice(_ASKING), number)
        for deed in random.choice(_LIVES):
            asked = min(seconds, asked + random.uniform(0.2, seconds * 0.2))
            yield Step(asked, deed, number)


_ASKING = (
    UserAction.ASK_IN_SLACK, UserAction.ASK_IN_SLACK,
    UserAction.ASK_ELSEWHERE, UserAction.ASK_ELSEWHERE,
    UserAction.ASK_FOR_A_MOMENT,
)  # fmt: skip
_LIVES: tuple[tuple[UserAction, ...], ...] = (
    (),
    (UserAction.APPROVE_IN_SLACK,),
    (UserAction.CLICK_APPROVE,),
    (UserAction.APPROVE_IN_SLACK, UserAction.CLICK_APPROVE),
    (UserAction.CLICK_APPROVE, UserAction.APPROVE_ELSEWHERE),
    (UserAction.APPROVE_ELSEWHERE, UserAction.APPROVE_ELSEWHERE),
    (UserAction.APPROVE_IN_SLACK, UserAction.DENY_ELSEWHERE),
    (UserAction.DENY_IN_SLACK,),
    (UserAction.DENY_BY_FORM,),
    (UserAction.DENY_ELSEWHERE,),
    (UserAction.RESOLVE_WITH_TCTL,),
    (UserAction.APPROVE_IN_SLACK, UserAction.RESOLVE_WITH_TCTL),
    (UserAction.DELETE_WITH_TCTL,),
    (UserAction.APPROVE_ELSEWHERE, UserAction.DELETE_WITH_TCTL),
)
