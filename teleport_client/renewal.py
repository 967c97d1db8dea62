"""Credentials that somebody else renews: tbot writes a new identity every 20 minutes.

It truncates the file in place and writes it in several steps, so a reader may see any part of it.
What is read counts only if it is whole and good; until then the last good credentials stay.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from teleport_client.identity import Credentials, CredentialsError

_LOOK_AGAIN_SECONDS = 1.0
"""After a file that was no good: most likely it is being written."""


class RenewedCredentials:
    """`load` reads the files, and raises CredentialsError."""

    def __init__(
        self,
        load: Callable[[datetime], Credentials],
        *,
        interval: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._load = load
        self._interval = interval.total_seconds()
        self._now = now
        self.current = load(now())
        self.trouble = ""
        """Why the newest that was read is not used; empty when it is."""

    async def run(self, *, renewed: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Look again and again until cancelled.

        `renewed` is called once new credentials are `current`, `failed` for each new reason why
        what was read is not used.
        """
        while True:
            pause = min(self._interval, _LOOK_AGAIN_SECONDS) if self.trouble else self._interval
            await asyncio.sleep(pause)
            before, trouble = self.current, self.trouble
            await self._look()
            if self.trouble and self.trouble != trouble:
                failed(self.trouble)
            if self.current != before:
                renewed()

    async def _look(self) -> None:
        try:
            read = await asyncio.to_thread(self._load, self._now())
            _check_same_cluster(self.current, read)
        except CredentialsError as error:
            self.trouble = str(error)
        else:
            self.trouble = ""
            self.current = read


def _check_same_cluster(before: Credentials, after: Credentials) -> None:
    if after.cluster != before.cluster:
        raise CredentialsError(
            f"The new identity is of the cluster {after.cluster}, and the bot runs for"
            f" {before.cluster}. Start the bot again if it is to move."
        )
