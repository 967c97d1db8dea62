"""Credentials that are reloaded while the bot runs: tbot renews the identity every 20 minutes.

tbot truncates the file and writes it in several steps, so a reader can see any part of it. New
credentials replace the current ones only if they are complete, belong to the same cluster and user,
expire later, and work in a test connection. Until then the current credentials stay in use.

An incomplete file is read again after a second, because it is probably being written. A complete
file that is rejected is read again at the normal interval. If the current certificate has expired,
new credentials replace it even if the test connection fails.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from teleport_client.credentials.identity import Credentials, CredentialsError

_RETRY_SECONDS = 1.0
"""Interval after an incomplete file, which is probably being written."""


class CredentialsRejected(CredentialsError):
    """Complete credentials that can't replace the current ones."""


class ReloadingCredentials:
    """`load` reads the files and raises CredentialsError.

    `probe` makes a call on a separate connection with new credentials. It raises
    CredentialsRejected if they don't work.
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
        """The same object until the credentials change."""
        self._incomplete = False
        self.problem = ""
        """Reason why the newest file isn't used; empty if it is."""

    async def run(self, *, reloaded: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Reload at intervals until cancelled.

        Call `reloaded` when `current` has changed, and `failed` for each new problem.
        """
        while True:
            soon = min(self._interval, _RETRY_SECONDS)
            await asyncio.sleep(soon if self._incomplete else self._interval)
            before, problem = self.current, self.problem
            await self._reload()
            if self.problem and self.problem != problem:
                failed(self.problem)
            if self.current != before:
                reloaded()

    async def _reload(self) -> None:
        try:
            read = await asyncio.to_thread(self._load, self._now())
            if read != self.current:
                await self._check(read)
                self.current = read
        except CredentialsError as error:
            self._incomplete = not isinstance(error, CredentialsRejected)
            self.problem = str(error)
        else:
            self._incomplete = False
            self.problem = ""

    async def _check(self, after: Credentials) -> None:
        """Raise CredentialsRejected unless `after` can replace the current credentials."""
        before = self.current
        _check_succession(before, after)
        try:
            await self._probe(after)
        except CredentialsRejected:
            # If the current certificate has expired, new credentials can't be worse.
            if before.expires > self._now():
                raise


def _check_succession(before: Credentials, after: Credentials) -> None:
    if after.cluster != before.cluster:
        raise CredentialsRejected(
            f"The new identity is for cluster {after.cluster}, but the bot runs for"
            f" {before.cluster}. Restart the bot to switch clusters."
        )
    if after.user != before.user:
        raise CredentialsRejected(
            f"The new identity is for user {after.user}, but the bot runs as {before.user}."
            " Restart the bot to switch users."
        )
    if after.expires < before.expires:
        raise CredentialsRejected(
            f"The new identity expires at {after.expires:%Y-%m-%d %H:%M} UTC, before the one in use"
            f" ({before.expires:%Y-%m-%d %H:%M} UTC). Restart the bot to use it."
        )
