"""The tab Access: the nodes that a person reaches with the own roles, and now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sandbox.cast import PEOPLE
from sandbox.page.teleport.clock import Clock, Moment
from sandbox.page.teleport.commands import Command, tsh
from sandbox.teleport.credentials.identity import Identity
from sandbox.teleport.errors import AccessDenied
from sandbox.teleport.rules.locks import refuse_locked
from sandbox.teleport.rules.resource_access import gives_access, node_target
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.timestamps import given, moment
from teleport_client._proto.types_pb2 import APPROVED, AccessRequestV3, ServerV2


class Reach(StrEnum):
    """How a person reaches a node now."""

    OWN = "own"
    GAINED = "gained"
    """Through an approved request that the last login included."""
    WAITING = "waiting"
    """Through an approved request, after the next login."""
    NONE = "none"


@dataclass(frozen=True)
class NodeRow:
    name: str
    tier: str
    reach: Reach
    before: bool
    """Whether the person's own roles allow access."""


@dataclass(frozen=True)
class Grant:
    """An approved request with access that hasn't ended."""

    request_id: str
    roles: str
    until: Moment
    starts: Moment | None
    """The time at which the access starts, if that is later than now."""
    active: bool
    """Whether the last login included the request."""
    nodes: tuple[str, ...]
    """The nodes that it adds to the own ones."""
    new_nodes: tuple[str, ...]
    """Those of the nodes that the person doesn't reach now."""
    login: Command
    session: Command | None
    """Open a session on the first of the nodes."""


@dataclass(frozen=True)
class PersonAccess:
    name: str
    real_name: str
    has_user: bool
    locked: bool
    own_count: int
    now_count: int
    total: int
    grants: tuple[Grant, ...] = ()
    rows: tuple[NodeRow, ...] = ()
    commands: tuple[Command, ...] = ()


def access_of(cluster: Cluster, clock: Clock, name: str) -> PersonAccess:
    """Return the nodes that a person reaches, none without a Teleport user."""
    real_name = next((it.real_name for it in PEOPLE if it.name == name), name)
    total = len(cluster.nodes)
    if name not in cluster.users:
        return PersonAccess(name, real_name, False, False, 0, 0, total)
    login = _last_login(cluster, name)
    locked = _is_locked(cluster, login)
    own = _reached(cluster, () if locked else cluster.users[name].Spec.Roles)
    now = _reached(cluster, () if locked else login.roles)
    grants = () if locked else tuple(_grants(cluster, clock, login, own, now))
    waiting = {node for grant in grants if not grant.active for node in grant.nodes}
    return PersonAccess(
        name=name,
        real_name=real_name,
        has_user=True,
        locked=locked,
        own_count=len(own),
        now_count=len(now),
        total=total,
        grants=grants,
        rows=tuple(_row(node, own, now, waiting) for node in cluster.nodes),
        commands=tuple(_commands(name, login)),
    )


def _commands(name: str, login: Identity) -> Iterator[Command]:
    yield tsh(name, "ls")
    yield tsh(name, "request", "ls")
    if login.active_requests:
        yield tsh(name, "login")


def _last_login(cluster: Cluster, name: str) -> Identity:
    """Return the last login, or one with the own roles if there was none or it has expired."""
    login = cluster.certificates.get(name)
    if login is not None and login.expires > cluster.now():
        return login
    roles = tuple(cluster.users[name].Spec.Roles)
    return Identity(name, roles, cluster.name, cluster.now())


def _is_locked(cluster: Cluster, login: Identity) -> bool:
    try:
        refuse_locked(cluster, login)
    except AccessDenied:
        return True
    return False


def _reached(cluster: Cluster, roles: Iterable[str]) -> frozenset[str]:
    held = [cluster.roles[name] for name in roles if name in cluster.roles]
    return frozenset(
        it.Spec.Hostname for it in cluster.nodes if gives_access(held, node_target(it))
    )


def _grants(
    cluster: Cluster, clock: Clock, login: Identity, own: frozenset[str], now: frozenset[str]
) -> Iterator[Grant]:
    for request in reversed([*cluster.requests.values()]):
        if _is_granted(cluster, login.user, request):
            yield _grant(cluster, clock, login, request, own, now)


def _is_granted(cluster: Cluster, user: str, request: AccessRequestV3) -> bool:
    spec = request.Spec
    lasts = moment(spec.Expires) > cluster.now()
    return spec.User == user and spec.State == APPROVED and lasts


def _grant(
    cluster: Cluster,
    clock: Clock,
    login: Identity,
    request: AccessRequestV3,
    own: frozenset[str],
    now: frozenset[str],
) -> Grant:
    user, spec, request_id = login.user, request.Spec, request.Metadata.Name
    roles = (*cluster.users[user].Spec.Roles, *spec.Roles)
    nodes = tuple(sorted(_reached(cluster, roles) - own))
    start = given(spec, "AssumeStartTime")
    return Grant(
        request_id=request_id,
        roles=", ".join(spec.Roles),
        until=clock.moment(moment(spec.Expires)),
        starts=clock.moment(start) if start and start > clock.now else None,
        active=request_id in login.active_requests,
        nodes=nodes,
        new_nodes=tuple(node for node in nodes if node not in now),
        login=tsh(user, "login", f"--request-id={request_id}"),
        session=tsh(user, "ssh", f"{user}@{nodes[0]}") if nodes else None,
    )


def _row(node: ServerV2, own: frozenset[str], now: frozenset[str], waiting: set[str]) -> NodeRow:
    name = node.Spec.Hostname
    return NodeRow(
        name, node.Metadata.Labels.get("tier", ""), _reach(name, own, now, waiting), name in own
    )


def _reach(name: str, own: frozenset[str], now: frozenset[str], waiting: set[str]) -> Reach:
    if name in now:
        return Reach.OWN if name in own else Reach.GAINED
    return Reach.WAITING if name in waiting else Reach.NONE
