"""Publishes App Home: after a user opened it, and after a change of a request that it shows.

The replica that got the user's latest `app_home_opened` publishes the tab, with or without the
lease. Other replicas don't get the event. So a refresh carries the hash of the view that this
replica published. If Slack reports a conflict, another replica has published since, and this one
forgets the user. The first view after an opening carries no hash, and takes the tab over.

The user's link, locks and roles are read when the user opens the tab, and again before a refresh
that is a minute later or more. A user without permission gets an explanation and nothing else.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import blake2b
from json import dumps
from time import monotonic
from typing import Any, TypeAlias

import structlog
from slack_sdk.errors import SlackApiError

from notifications.following.follower import Follower
from notifications.home.home_content import HomeContent
from notifications.home.open_homes import OpenHome, OpenHomes
from notifications.home.request_index import RequestIndex
from notifications.workqueue.key import Key
from notifications.workqueue.reconcile_result import AgainAfter, AgainAt, Done, Result, Retry
from notifications.workqueue.work_queue import WorkQueue
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import AccessRequest
from workspace.rate_limit import RateLimit
from workspace.requests.request_lists import RequestLists
from workspace.requests.user_error import UserError
from workspace.sending.fence import SendingStopped
from workspace.sending.outbox import Outbox
from workspace.sending.send_queue import Priority
from workspace.sending.slack_failure import (
    PERMANENT,
    SLACK_ERRORS,
    classify,
    describe,
    error_code,
)
from workspace.views.home.home_tab import HomeTab, rejection_tab, unavailable_tab

HOME_KIND = "home_tab"
_CHANGES = Key("home_changes", "all")
REFRESH_SECONDS = 5.0
"""Least time between two views of one user."""
READ_SECONDS = 60.0
"""Longest use of one read of a user's link, locks and roles."""
READS_AT_ONCE, READ_INTERVAL_SECONDS = 30, 0.75
"""Limit of reads of many users."""
_COLLECT_SECONDS = 0.5
"""Time in which changes of requests are collected."""
_BATCH = 100
"""Users to compare with the changes before a pause for other tasks."""
_REPLACED = "hash_conflict"

ReadLists: TypeAlias = Callable[[str], Awaitable[RequestLists]]
"""Reads a Slack user's link, locks and roles. Raises UserError if the user can't see requests,
TeleportError and SlackApiError."""
BuildHome: TypeAlias = Callable[[RequestLists, RequestIndex, datetime], HomeContent]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def read_limit(factor: float = 1.0) -> RateLimit:
    """Return the limit of reads, so that openings leave Slack's and Teleport's calls to commands.

    A read can need users.info, which Slack allows a hundred times a minute (Tier 4).
    """
    return RateLimit(at_once=READS_AT_ONCE, seconds_each=READ_INTERVAL_SECONDS / factor)


class HomeReconciler:
    def __init__(
        self,
        requests: Follower[AccessRequest],
        queue: WorkQueue,
        outbox: Outbox,
        *,
        read: ReadLists,
        build: BuildHome,
        now: Callable[[], datetime],
        reads: RateLimit,
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self.homes = OpenHomes()
        self._requests = requests
        self._queue = queue
        self._outbox = outbox
        self._read = read
        self._build = build
        self._now = now
        self._reads = reads
        self._refresh_seconds = refresh_seconds
        self._index = RequestIndex()
        """Requests as the tabs show them. Empty while no tab is open."""
        self._changed: list[AccessRequest] = []
        """Changed requests, before and after, that weren't compared with the users yet."""
        self._version = 0
        """Counts changes of requests."""
        requests.on_change(self._request_changed)
        requests.on_read_change(self._request_changed)

    def opened(self, slack_user_id: str) -> None:
        """Publish a user's tab after its opening."""
        if not len(self.homes):
            self._index = RequestIndex(self._requests.objects())
        self.homes.opened(slack_user_id, monotonic())
        self._queue.add(Key(HOME_KIND, slack_user_id))

    async def reconcile(self, key: Key, _high_priority: bool) -> Result:
        if key == _CHANGES:
            await self._refresh_concerned()
            return Done()
        home = self.homes.get(key.name, monotonic())
        if home is None:
            return Done()
        return await self._bring_up_to_date(home)

    async def _bring_up_to_date(self, home: OpenHome) -> Result:
        wait = home.published_at + self._refresh_seconds - monotonic()
        if wait > 0:
            return AgainAfter(wait)
        reused = home.opened and self._is_read_recent(home)
        try:
            if not await self._is_read(home):
                return AgainAfter(self._refresh_seconds * random.uniform(0.2, 1.0))  # noqa: S311
        except (TeleportError, *SLACK_ERRORS) as error:
            return await self._explain_failed_read(home, error)
        result = await self._publish_current(home)
        if reused and isinstance(result, Done | AgainAt):
            # The user opened the tab again within a minute, maybe because an administrator has
            # just changed something.
            return AgainAfter(max(0.0, home.read_at + READ_SECONDS - monotonic()))
        return result

    def _request_changed(self, key: Key, *, high_priority: bool) -> None:  # noqa: ARG002
        """Collect a change, if any: a list reports unchanged requests, too."""
        if not len(self.homes):
            self._index = RequestIndex()
            self._changed.clear()
            return
        cached = self._requests.get(key.name)
        before, after = self._index.get(key.name), cached.object if cached else None
        if before == after:
            return
        if after is None:
            self._index.remove(key.name)
        else:
            self._index.put(after)
        self._version += 1
        self._changed += [each for each in (before, after) if each is not None]
        self._queue.add_after(_CHANGES, _COLLECT_SECONDS)

    def lock_changed(self, request_id: str, *, high_priority: bool) -> None:  # noqa: ARG002
        """Refresh the tabs that show a request whose locks changed."""
        cached = self._requests.get(request_id)
        if cached is not None and len(self.homes):
            self._version += 1
            self._changed.append(cached.object)
            self._queue.add_after(_CHANGES, _COLLECT_SECONDS)

    async def _refresh_concerned(self) -> None:
        """Queue the tabs that show one of the changed requests."""
        changed, self._changed = self._changed, []
        for number, home in enumerate(self.homes):
            if home.is_concerned(changed):
                self._queue.add(Key(HOME_KIND, home.slack_user_id), high_priority=False)
            if not number % _BATCH:
                await asyncio.sleep(0)

    def _is_read_recent(self, home: OpenHome) -> bool:
        return monotonic() - home.read_at < READ_SECONDS

    async def _is_read(self, home: OpenHome) -> bool:
        """Read the user's rights if it is time. Return False if too many users are read now."""
        if self._is_read_recent(home):
            return True
        if not self._reads.allow("opened" if home.opened else "refresh"):
            return False
        started = monotonic()
        try:
            home.shows = await self._read(home.slack_user_id)
        except UserError as error:
            home.shows = error
        home.read_at = started
        return True

    async def _explain_failed_read(self, home: OpenHome, error: Exception) -> Result:
        """Replace the tab that the user has just opened, which may show more than is permitted."""
        if home.opened:
            failure = await self._publish(home, lambda: _View(unavailable_tab()))
            home.opened = True
            if failure is not None:
                return failure
        return Retry(error)

    async def _publish_current(self, home: OpenHome) -> Result:
        """Publish the tab unless it is unchanged, and return when to look at it again."""
        opened, version = home.opened, self._version
        content = self._content(home)
        view = _View(content.tab)
        if opened or view.fingerprint != home.fingerprint:

            def render() -> _View:
                unchanged = version == self._version
                return view if unchanged else _View(self._content(home).tab)

            failure = await self._publish(home, render)
            if failure is not None:
                return failure
        return Done() if content.changes_at is None else AgainAt(content.changes_at)

    async def _publish(self, home: OpenHome, render: Callable[[], "_View"]) -> Result | None:
        """Publish a view. Return None, or the result if this failed for good."""
        opened, home.opened = home.opened, False
        sent = ""

        def rendered() -> _View:
            nonlocal sent
            view = render()
            sent = view.fingerprint
            return view

        try:
            home.view_hash = await self._outbox.publish(
                home.slack_user_id,
                rendered,
                priority=Priority.HOME_OPENED if opened else Priority.HOME_REFRESH,
                view_hash="" if opened else home.view_hash,
            )
        except SendingStopped:
            return Done()
        except SLACK_ERRORS as error:
            home.opened = home.opened or opened
            return self._failed(home, error)
        home.fingerprint, home.published_at = sent, monotonic()
        log.debug("home_published", slack_user=home.slack_user_id)
        return None

    def _failed(self, home: OpenHome, error: Exception) -> Result:
        """Return the result of a failed call. Slack may have published the view."""
        if isinstance(error, SlackApiError) and error_code(error) == _REPLACED:
            if home.opened:
                return AgainAfter(0.0)
            log.info("home_taken_over", slack_user=home.slack_user_id)
            self.homes.forget(home)
            return Done()
        if classify(error) in PERMANENT:
            log.warning(
                "home_publish_rejected", slack_user=home.slack_user_id, error=describe(error)
            )
            self.homes.forget(home)
            return Done()
        home.view_hash = ""
        return Retry(error)

    def _content(self, home: OpenHome) -> HomeContent:
        match home.shows:
            case RequestLists():
                return self._build(home.shows, self._index, self._now())
            case UserError():
                return HomeContent(rejection_tab(home.shows), changes_at=None)
            case None:
                raise ValueError("the user's rights were never read")


class _View:
    """A view as Slack gets it, with a hash of its content."""

    def __init__(self, tab: HomeTab) -> None:
        self._arguments = tab.arguments()
        content = dumps(self._arguments, sort_keys=True).encode()
        self.fingerprint = blake2b(content, digest_size=12).hexdigest()

    def arguments(self) -> dict[str, Any]:
        return self._arguments
