"""Rate limits: tiers per method, and one message a second per channel.

See docs.slack.dev/apis/web-api/rate-limits. Slack tolerates bursts but documents no size. Here a
burst can be one minute's calls, or a few posts to one channel.
"""

import math
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Limit:
    """A token bucket: size of a burst, and refill rate a second."""

    burst: float
    per_second: float


def _per_minute(count: int) -> Limit:
    return Limit(burst=count, per_second=count / 60)


class Tier(Enum):
    """Slack's tiers, with the calls a minute in each."""

    TWO = _per_minute(20)
    THREE = _per_minute(50)
    FOUR = _per_minute(100)
    SPECIAL = _per_minute(600)
    POSTING = Limit(burst=5, per_second=1)
    """chat.postMessage to one conversation."""


@dataclass
class _Bucket:
    tokens: float
    at: float


class Pace:
    """Counts calls and rejects calls above the limit, unless it is unlimited.

    `factor` multiplies Slack's limits. The delay of a rejected call is still in whole seconds.
    """

    def __init__(self, *, unlimited: bool = False, factor: float = 1.0) -> None:
        self._unlimited = unlimited
        self._factor = factor
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def retry_after(self, key: tuple[str, ...], tier: Tier, at: float) -> int | None:
        """Count a call. Return None if it passes, otherwise the seconds of `Retry-After`."""
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
