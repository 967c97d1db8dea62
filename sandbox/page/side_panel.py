"""The panel beside the panes, and what the page knows about Teleport."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from markupsafe import Markup


@dataclass(frozen=True)
class Progress:
    """The part of the first steps that has happened in Teleport."""

    requested: bool = False
    """Alice has requested access."""
    approved: bool = False
    """One of Alice's requests is approved."""
    assumed: bool = False
    """Alice's last login includes an approved request, so she reaches its nodes."""


@dataclass(frozen=True)
class SidePanel:
    """The Teleport panel. A Slack stand-in without Teleport has none."""

    render: Callable[[str, tuple[str, ...]], Markup]
    """Render the content of a tab, for the names of the people in the panes."""
    routes: list[web.RouteDef] = field(default_factory=list)
    """Routes of the panel's own actions."""
    progress: Callable[[], Progress] = Progress
    version: str = ""
    """The version of Teleport that the cluster imitates."""
