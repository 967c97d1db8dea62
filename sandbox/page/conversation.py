"""The messages of a conversation or of a thread, as one person sees them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.faces import face_of
from sandbox.page.local_time import Stamp, stamp
from sandbox.page.location import Location, PaneLocation
from sandbox.page.render.reader import Reader
from sandbox.page.rendered_bodies import RenderedBodies
from sandbox.slack.manifest.features import NO_FEATURES, Shortcut
from sandbox.slack.wire import JsonObject

_MAX_MESSAGES = 100
"""Messages on the page. A list of thousands would make each update slow."""


@dataclass(frozen=True)
class ThreadLink:
    """The link below a message that opens its thread."""

    replies: int
    url: str

    @property
    def text(self) -> str:
        if not self.replies:
            return "Reply in thread"
        return f"{self.replies} {'reply' if self.replies == 1 else 'replies'}"


@dataclass(frozen=True)
class Day:
    """The messages of one day in the reader's zone."""

    name: str
    key: str
    articles: tuple[Markup, ...]


@dataclass(frozen=True)
class Timeline:
    """The newest messages of a conversation, without the replies in threads."""

    days: tuple[Day, ...]
    hidden: int = 0
    """Number of older messages that the page leaves out."""


@dataclass(frozen=True)
class Thread:
    """A message with its replies."""

    ts: str
    articles: tuple[Markup, ...]
    close_url: str

    @property
    def replies(self) -> int:
        return max(0, len(self.articles) - 1)


class Messages:
    """The messages of one pane's channel, oldest first."""

    def __init__(
        self,
        reader: Reader,
        bodies: RenderedBodies,
        messages: Sequence[JsonObject],
        location: Location,
        index: int,
    ) -> None:
        self._reader = reader
        self._bodies = bodies
        self._messages = messages
        self._location = location
        self._index = index

    @property
    def _pane(self) -> PaneLocation:
        return self._location.panes[self._index]

    @cached_property
    def _replies(self) -> Counter[str]:
        """The number of replies in each thread."""
        return Counter(one["thread_ts"] for one in self._messages if _is_reply(one))

    @cached_property
    def _shortcuts(self) -> tuple[Shortcut, ...]:
        features = self._reader.workspace.app.features or NO_FEATURES
        return features.shortcuts_of("message")

    def timeline(self) -> Timeline:
        tops = [message for message in self._messages if not _is_reply(message)]
        shown = tops[-_MAX_MESSAGES:]
        return Timeline(tuple(self._days(shown)), hidden=len(tops) - len(shown))

    def thread(self) -> Thread | None:
        """Return the open thread, or None if its first message doesn't exist."""
        ts = self._pane.thread
        parts = [one for one in self._messages if ts in (one["ts"], one.get("thread_ts"))]
        if not ts or not any(one["ts"] == ts for one in parts):
            return None
        articles = tuple(self._article(one, stamp(self._reader, one["ts"]), None) for one in parts)
        return Thread(ts, articles, self._url(thread=""))

    def _days(self, messages: Sequence[JsonObject]) -> Iterator[Day]:
        stamped = ((stamp(self._reader, one["ts"]), one) for one in messages)
        for (day, name), group in groupby(stamped, lambda pair: (pair[0].day, pair[0].day_name)):
            articles = tuple(self._article(one, at, self._thread_link(one)) for at, one in group)
            yield Day(name, day.isoformat(), articles)

    def _article(self, message: JsonObject, at: Stamp, link: ThreadLink | None) -> Markup:
        return render(
            "article.html",
            ts=message["ts"],
            channel=self._pane.channel,
            face=face_of(self._reader.workspace, message["user"]),
            stamp=at,
            is_ephemeral=message["ephemeral"],
            body=self._bodies.body(self._reader, message),
            thread=link,
            shortcuts=() if message["ephemeral"] else self._shortcuts,
        )

    def _thread_link(self, message: JsonObject) -> ThreadLink | None:
        ts = message["ts"]
        replies = self._replies[ts]
        if message["ephemeral"] and not replies:
            return None
        return ThreadLink(replies, self._url(thread=ts))

    def _url(self, thread: str) -> str:
        place = PaneLocation(self._pane.person, self._pane.channel, thread)
        return self._location.with_pane(self._index, place).url


def _is_reply(message: JsonObject) -> bool:
    return message.get("thread_ts") not in (None, message["ts"])
