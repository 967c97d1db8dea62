"""The Teleport panel: its tabs, its content and its routes."""

from collections.abc import Callable

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.side_panel import SidePanel
from sandbox.page.teleport.access import access_of
from sandbox.page.teleport.audit import event_rows
from sandbox.page.teleport.clock import Clock
from sandbox.page.teleport.commands import tctl
from sandbox.page.teleport.directory import lock_rows, user_rows
from sandbox.page.teleport.progress import progress_of
from sandbox.page.teleport.requests import request_cards
from sandbox.page.teleport.routes import PanelRoutes
from sandbox.page.teleport.tabs import Tab, TabLocation
from sandbox.page.visible import visible
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.cluster import Cluster


def side_panel(teleport: TeleportStandIn) -> SidePanel:
    """Return the panel of one cluster."""

    def render_tab(tab: str, people: tuple[str, ...]) -> Markup:
        return render_panel(teleport, tab, people)

    return SidePanel(
        render_tab,
        PanelRoutes(teleport).routes(),
        progress=lambda: progress_of(teleport.cluster),
        version=teleport.cluster.server_version,
    )


def render_panel(teleport: TeleportStandIn, tab: str, people: tuple[str, ...]) -> Markup:
    """Render the panel with one of its tabs open, for the people of the panes."""
    cluster = teleport.cluster
    location = TabLocation.read(tab)
    clock = Clock.of(cluster.now(), people[0] if people else "")
    content = _CONTENTS[location.tab](cluster, clock, people, location)
    panel = render(
        "teleport/panel.html",
        tabs=tuple(Tab),
        open_tab=location.tab,
        content=content,
        zone=clock.zone,
    )
    return Markup(visible(panel))  # noqa: S704 - a template has escaped it


Content = Callable[[Cluster, Clock, tuple[str, ...], TabLocation], Markup]


def _access(
    cluster: Cluster, clock: Clock, people: tuple[str, ...], _location: TabLocation
) -> Markup:
    shown = [access_of(cluster, clock, name) for name in dict.fromkeys(people)]
    return render("teleport/access.html", people=shown)


def _requests(
    cluster: Cluster, clock: Clock, people: tuple[str, ...], location: TabLocation
) -> Markup:
    cards = request_cards(cluster, clock, people, location.request_id)
    known = not location.request_id or location.request_id in cluster.requests
    return render(
        "teleport/requests.html",
        requests=cards,
        missing="" if known else location.request_id,
        commands_of_tab=(tctl("requests", "ls"),),
    )


def _users(
    cluster: Cluster, _clock: Clock, _people: tuple[str, ...], _location: TabLocation
) -> Markup:
    return render(
        "teleport/users.html", users=user_rows(cluster), commands_of_tab=(tctl("get", "users"),)
    )


def _locks(
    cluster: Cluster, clock: Clock, people: tuple[str, ...], _location: TabLocation
) -> Markup:
    users = (name for name in people if name in cluster.users)
    return render(
        "teleport/locks.html",
        locks=lock_rows(cluster, clock),
        without_lock=tuple(row.name for row in user_rows(cluster) if row.failed_logins),
        commands_of_tab=(tctl("get", "locks"), *(tctl("lock", f"--user={name}") for name in users)),
    )


def _audit(
    cluster: Cluster, clock: Clock, _people: tuple[str, ...], _location: TabLocation
) -> Markup:
    return render("teleport/audit.html", events=event_rows(cluster.audit, clock))


_CONTENTS: dict[Tab, Content] = {
    Tab.ACCESS: _access,
    Tab.REQUESTS: _requests,
    Tab.USERS: _users,
    Tab.LOCKS: _locks,
    Tab.AUDIT: _audit,
}
