"""IDs, timestamps and hashes in Slack's formats."""

import random
import string
import uuid
from collections.abc import Callable

_LETTERS = string.ascii_uppercase + string.digits
_MICROS = 1_000_000


class Identifiers:
    """Generates IDs. The same seed yields the same sequence."""

    def __init__(self, now: Callable[[], float], seed: int = 0) -> None:
        self._now = now
        self._random = random.Random(seed)
        self._last_ts = 0

    def ts(self) -> str:
        """Return a message timestamp, `seconds.micros`, later than all earlier ones."""
        self._last_ts = max(self._last_ts + 1, int(self._now() * _MICROS))
        seconds, micros = divmod(self._last_ts, _MICROS)
        return f"{seconds}.{micros:06d}"

    def view(self) -> str:
        return "V0" + self._letters(9)

    def event(self) -> str:
        return "Ev0" + self._letters(8)

    def block(self) -> str:
        """Return an ID for a block or an element without one."""
        return self._letters(5)

    def trigger(self) -> str:
        return f"{self._digits(13)}.{self._digits(12)}.{self.secret(32)}"

    def response_url(self) -> str:
        return f"{self._digits(13)}/{self._letters(24)}"

    def view_hash(self) -> str:
        return f"{int(self._now())}.{self.secret(8)}"

    def secret(self, length: int) -> str:
        return "".join(self._random.choices("0123456789abcdef", k=length))

    def envelope(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def one_of(self, count: int) -> int:
        """Return a random index below `count`."""
        return self._random.randrange(count)

    def _letters(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))

    def _digits(self, length: int) -> str:
        return "".join(self._random.choices(string.digits[1:], k=length))
