"""How fast an app may call: tiers, and one message a second in each channel.

See docs.slack.dev/apis/web-api/rate-limits. Slack tolerates bursts; how large ones it does
not say, so a minute's worth of calls may come at once, and a few posts to a channel.
"""

import math
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Limit:
    """So many calls at once, and so many a second in the long run."""

    burst: float
    per_second: float


def _per_minute(count: int) -> Limit:
    return Limit(burst=count, per_second=count / 60)


class Tier(Enum):
    """The groups that Slack sorts its methods into, with the calls a minute in each."""

    TWO = _per_minute(20)
    THREE = _per_minute(50)
    FOUR = _per_minute(100)
    SPECIAL = _per_minute(600)
    POSTING = Limit(burst=5, per_second=1)
    """One conversation's share of chat.postMessage."""


@dataclass
class _Bucket:
    tokens: float
    at: float


class Pace:
    """Counts calls and says when one comes too early; never, if it is unlimited.

    `factor` is how many times as many calls as Slack's are let pass; a refused one is to wait for
    whole seconds all the same.
    """

    def __init__(self, *, unlimited: bool = False, factor: float = 1.0) -> None:
        self._unlimited = unlimited
        self._factor = factor
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def retry_after(self, key: tuple[str, ...], tier: Tier, at: float) -> int | None:
        """Count a call; None lets it pass, a number of seconds refuses it until then."""
        if self._unlimited:
            return None
        burst, per_second = tier.value.burst * self._factor, tier.value.per_second * self._factor
        bucket = self._buckets.setdefault(key, _Bucket(burst, at))
        refilled = bucket.tokens + (at - bucket.at) * per_second
        bucket.tokens, bucket.at = min(burst, refilled), at
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return None
        return math.ceil((1 - bucket.tokens) / per_second)
