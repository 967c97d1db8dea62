"""WatchEvents: access requests, locks, roles (authorizeWatchRequest in auth_with_roles.go).

The server confirms the kinds in an INIT event and then sends each change once, in the order of the
writes. The subscription begins before INIT, so a client that lists after INIT misses no change; it
can see a change twice, in the list and as an event. Each watch has its own unbounded queue, so a
slow watch delays neither writes nor other watches.

A deletion's event has only kind and name. A watch that ends, with or without an error, sends
nothing about the changes after it: the client must list again.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.errors import AccessDenied, BadParameter, TeleportError
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state.changes import Deleted, Put, Recorded, Subscription
from sandbox.teleport.state.resources import ACCESS_REQUEST, LOCK, ROLE
from teleport_client._proto.authservice_pb2 import DELETE, INIT, PUT, Event, Watch
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    LockV2,
    Metadata,
    RequestState,
    ResourceHeader,
    RoleV6,
    WatchKind,
    WatchStatusSpecV1,
    WatchStatusV1,
)

_VERSIONS = {ACCESS_REQUEST: "v3", LOCK: "v2", ROLE: "v7"}
"""Versions in the headers of deletions, by kind (lib/services/local/events.go)."""


def confirmed_kinds(caller: Caller, watch: Watch) -> list[WatchKind]:
    """Return the kinds that the caller can watch.

    Raises AccessDenied for a kind that the caller can't read. Raises BadParameter for an
    unsupported kind or an invalid filter. If the watch accepts partial success, only raises if no
    kind is left.
    """
    if not watch.Kinds:
        raise AccessDenied("can't setup global watch")
    allowed = _select_valid(watch, watch.Kinds, lambda kind: _authorize(caller, kind))
    if not allowed:
        raise BadParameter("none of the requested kinds can be watched")
    confirmed = _select_valid(watch, allowed, _check_supported)
    if not confirmed:
        raise BadParameter('cache "auth" does not support any of the requested resources')
    return confirmed


async def events(kinds: list[WatchKind], subscription: Subscription) -> AsyncIterator[Event]:
    """Yield INIT with the confirmed kinds, then the changes.

    Raises the error that the subscription ends with.
    """
    yield Event(Type=INIT, WatchStatus=_status(kinds))
    async for change in subscription.changes():
        if not isinstance(change, Recorded) and _passes(change, kinds):
            yield _event(change)


def _status(kinds: list[WatchKind]) -> WatchStatusV1:
    return WatchStatusV1(
        Kind="watch_status",
        Version="v1",
        Metadata=Metadata(Name="watch-status", Namespace="default"),
        Spec=WatchStatusSpecV1(Kinds=kinds),
    )


def _passes(change: Put | Deleted, kinds: list[WatchKind]) -> bool:
    """Return whether a change passes the filters. A deletion has no fields to filter by."""
    match change:
        case Deleted(kind, _):
            return any(it.Kind == kind for it in kinds)
        case Put(RoleV6()):
            return any(it.Kind == ROLE for it in kinds)
        case Put(LockV2()):
            return any(it.Kind == LOCK for it in kinds)
        case Put(AccessRequestV3() as request):
            wanted = (it for it in kinds if it.Kind == ACCESS_REQUEST)
            return any(_matches(it.Filter, request) for it in wanted)
    return False


def _select_valid(
    watch: Watch, kinds: Iterable[WatchKind], check: Callable[[WatchKind], None]
) -> list[WatchKind]:
    passed = []
    for kind in kinds:
        try:
            check(kind)
        except TeleportError:
            if not watch.AllowPartialSuccess:
                raise
        else:
            passed.append(kind)
    return passed


def _authorize(caller: Caller, kind: WatchKind) -> None:
    """Check the caller's permission. Users can watch their own requests without the verb read."""
    if kind.Kind == ACCESS_REQUEST:
        _check_filter(kind)
        if kind.Filter.get("user") == caller.name:
            return
    caller.require(kind.Kind, "read")


def _check_supported(kind: WatchKind) -> None:
    """Check that the stand-in has events for the kind."""
    if kind.Kind not in _VERSIONS:
        raise BadParameter(f'cache "auth" does not support watching resource {quoted(kind.Kind)}')


def _check_filter(kind: WatchKind) -> None:
    for key, value in kind.Filter.items():
        if key not in ("id", "user", "state"):
            raise BadParameter(f"unknown filter key {key}")
        if key == "state" and value not in RequestState.keys():  # noqa: SIM118 - not a mapping
            raise BadParameter(f"unknown request state: {quoted(value)}")


def _matches(wanted: Mapping[str, str], request: AccessRequestV3) -> bool:
    known = {
        "id": request.Metadata.Name,
        "user": request.Spec.User,
        "state": RequestState.Name(request.Spec.State),
    }
    return all(known[key] == value for key, value in wanted.items())


def _event(change: Put | Deleted) -> Event:
    if isinstance(change, Deleted):
        metadata = Metadata(Name=change.name, Namespace="default")
        header = ResourceHeader(Kind=change.kind, Version=_VERSIONS[change.kind], Metadata=metadata)
        return Event(Type=DELETE, ResourceHeader=header)
    match change.resource:
        case RoleV6() as role:
            return Event(Type=PUT, Role=role)
        case LockV2() as lock:
            return Event(Type=PUT, Lock=lock)
        case request:
            return Event(Type=PUT, AccessRequest=request)
