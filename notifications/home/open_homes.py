"""App Home tabs that users opened on this replica within the last day.

Slack doesn't report that a user closes App Home, so a tab counts as open for a day. Only the most
recent users are remembered, so that the memory is bounded.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from teleport_client.model.access_request import AccessRequest
from workspace.requests.request_lists import RequestLists
from workspace.requests.user_error import UserError

_DAY = 24 * 3600.0
MOST_OPEN = 5_000
"""Maximum number of tabs. The permissions of one user take about 10 kB."""
_NEVER = float("-inf")


@dataclass(slots=True, eq=False)
class OpenHome:
    """One user's tab. Times are those of the monotonic clock."""

    slack_user_id: str
    opened_at: float
    opened: bool = True
    """Whether the user opened the tab since it was last published."""
    shows: RequestLists | UserError | None = None
    """The user's lists, or the reason for showing none. None before the first read."""
    read_at: float = _NEVER
    """Time of the last read of the user's link, locks and roles."""
    view_hash: str = ""
    """Slack's hash of the view that this replica published; empty if it is unknown."""
    fingerprint: str = ""
    """Fingerprint of the view that this replica published."""
    published_at: float = _NEVER

    def is_concerned(self, requests: Iterable[AccessRequest]) -> bool:
        """Return whether the tab shows one of the requests."""
        shown = self.shows
        return isinstance(shown, RequestLists) and any(
            shown.is_own(each) or shown.is_reviewable(each) for each in requests
        )


class OpenHomes:
    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most = most
        self._homes: OrderedDict[str, OpenHome] = OrderedDict()
        """By Slack ID, with the latest opening last."""

    def __len__(self) -> int:
        return len(self._homes)

    def __iter__(self) -> Iterator[OpenHome]:
        return iter(list(self._homes.values()))

    def opened(self, slack_user_id: str, now: float) -> None:
        """Record that a user opened the tab, and drop tabs opened more than a day ago."""
        home = self._homes.pop(slack_user_id, None) or OpenHome(slack_user_id, now)
        home.opened_at, home.opened = now, True
        self._homes[slack_user_id] = home
        oldest = next(iter(self._homes.values()))
        while len(self._homes) > self._most or oldest.opened_at < now - _DAY:
            del self._homes[oldest.slack_user_id]
            oldest = next(iter(self._homes.values()))

    def get(self, slack_user_id: str, now: float) -> OpenHome | None:
        """Return the tab, None if the user didn't open it within the last day."""
        home = self._homes.get(slack_user_id)
        return home if home is not None and home.opened_at >= now - _DAY else None

    def forget(self, home: OpenHome) -> None:
        if self._homes.get(home.slack_user_id) is home:
            del self._homes[home.slack_user_id]
