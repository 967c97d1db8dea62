"""Credentials that somebody else renews: tbot writes a new identity every 20 minutes.

It truncates the file in place and writes it in several steps, so a reader may see any part of it.
What is read counts only if it is whole, continues the identity in use, and works. Until then the
last good credentials stay.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from teleport_client.credentials.identity import Credentials, CredentialsError

_LOOK_AGAIN_SECONDS = 1.0
"""After a file that was no good: most likely it is being written."""


class CredentialsRefused(CredentialsError):
    """A whole file with credentials that can't take over from those in use."""


class ReloadingCredentials:
    """`load` reads the files, and raises CredentialsError.

    `probe` makes a call with new credentials on a connection of its own. It raises
    CredentialsRefused if they don't work.
    """

    def __init__(
        self,
        load: Callable[[datetime], Credentials],
        probe: Callable[[Credentials], Awaitable[None]],
        *,
        interval: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._load = load
        self._probe = probe
        self._interval = interval.total_seconds()
        self._now = now
        self.current = load(now())
        self._may_change_soon = False
        self.problem = ""
        """Why the newest that was read is not used; empty when it is."""

    async def run(self, *, renewed: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Look again and again until cancelled.

        `renewed` is called once new credentials are `current`, `failed` for each new reason why
        what was read is not used.
        """
        while True:
            soon = min(self._interval, _LOOK_AGAIN_SECONDS)
            await asyncio.sleep(soon if self._may_change_soon else self._interval)
            before, problem = self.current, self.problem
            await self._look()
            if self.problem and self.problem != problem:
                failed(self.problem)
            if self.current != before:
                renewed()

    async def _look(self) -> None:
        try:
            read = await asyncio.to_thread(self._load, self._now())
            if read != self.current:
                await self._check(read)
        except CredentialsError as error:
            self._may_change_soon = not isinstance(error, CredentialsRefused)
            self.problem = str(error)
        else:
            self._may_change_soon = False
            self.problem = ""
            self.current = read

    async def _check(self, after: Credentials) -> None:
        """Raise CredentialsRefused unless `after` can take over from the current credentials."""
        before = self.current
        _check_succession(before, after)
        try:
            await self._probe(after)
        except CredentialsRefused:
            # With an expired certificate there is nothing to lose.
            if before.expires > self._now():
                raise


def _check_succession(before: Credentials, after: Credentials) -> None:
    if after.cluster != before.cluster:
        raise CredentialsRefused(
            f"The new identity is of the cluster {after.cluster}, and the bot runs for"
            f" {before.cluster}. Restart the bot to use it."
        )
    if after.user != before.user:
        raise CredentialsRefused(
            f"The new identity is of the user {after.user}, and the bot runs as {before.user}."
            " Restart the bot to use it."
        )
    if after.expires < before.expires:
        raise CredentialsRefused(
            f"The new identity expires at {after.expires:%Y-%m-%d %H:%M} UTC, before the one in use"
            f" ({before.expires:%Y-%m-%d %H:%M} UTC). Restart the bot to use it."
        )
