"""The page's address: person, channel and thread of each pane, and the panel beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from sandbox.cast import APPROVERS_CHANNEL

APP_HOME = "app-home"
"""Channel name that stands for the app's Home tab."""
TELEPORT, ABOUT, NO_PANEL = "teleport", "about", "none"
_PANELS = (TELEPORT, ABOUT, NO_PANEL)
PANEL_IN_FRONT = "panel"
_SUFFIXES = ("", "2")
"""Endings of the parameters of the first and the second pane."""


@dataclass(frozen=True)
class PaneLocation:
    """One person's view of one conversation."""

    person: str
    channel: str = APPROVERS_CHANNEL
    thread: str = ""
    """Timestamp of the first message of the open thread."""


_DEFAULT_PANES = (PaneLocation("alice"), PaneLocation("bob"))


@dataclass(frozen=True)
class Location:
    """Everything that the address contains."""

    panes: tuple[PaneLocation, ...] = _DEFAULT_PANES
    panel: str = TELEPORT
    tab: str = ""
    """Tab of the Teleport panel."""
    front: str = "1"
    """The part that a narrow screen shows: the number of a pane, or the panel."""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Location":
        """Return the location in a query string. Unknown values become the defaults."""
        panes = tuple(pane for suffix in _SUFFIXES if (pane := _read_pane(query, suffix)))
        panel, front = query.get("panel", TELEPORT), query.get("front", "1")
        panes = panes or _DEFAULT_PANES
        return cls(
            panes=panes,
            panel=panel if panel in _PANELS else TELEPORT,
            tab=query.get("tab", ""),
            front=front if front in _fronts(panes) else "1",
        )

    @property
    def url(self) -> str:
        """The address, without the values that are empty."""
        fields: dict[str, str] = {}
        for pane, suffix in zip(self.panes, _SUFFIXES, strict=False):
            fields |= {
                f"person{suffix}": pane.person,
                f"channel{suffix}": pane.channel,
                f"thread{suffix}": pane.thread,
            }
        fields |= {"panel": self.panel, "tab": self.tab, "front": self.front}
        return "/?" + urlencode({name: value for name, value in fields.items() if value}, safe="@")

    def with_pane(self, index: int, pane: PaneLocation) -> "Location":
        """Return the location with another pane, which a narrow screen shows."""
        panes = tuple(pane if at == index else other for at, other in enumerate(self.panes))
        return replace(self, panes=panes, front=str(index + 1))

    def with_panel(self, panel: str) -> "Location":
        front = "1" if panel == NO_PANEL else PANEL_IN_FRONT
        return replace(self, panel=panel, front=front)

    def with_front(self, front: str) -> "Location":
        return replace(self, front=front)

    def alone(self, index: int) -> "Location":
        """Return the location with one of its panes."""
        return replace(self, panes=(self.panes[index],), front="1")

    def beside(self, pane: PaneLocation) -> "Location":
        """Return the location with a second pane, which a narrow screen shows."""
        return replace(self, panes=(self.panes[0], pane), front="2")


def _read_pane(query: Mapping[str, str], suffix: str) -> PaneLocation | None:
    person = query.get(f"person{suffix}", "")
    if not person:
        return None
    channel = query.get(f"channel{suffix}") or APPROVERS_CHANNEL
    return PaneLocation(person, channel, query.get(f"thread{suffix}", ""))


def _fronts(panes: tuple[PaneLocation, ...]) -> tuple[str, ...]:
    return (*(str(number) for number in range(1, len(panes) + 1)), PANEL_IN_FRONT)
