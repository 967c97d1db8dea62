"""WatchEvents, for access requests."""

from collections.abc import AsyncIterator, Mapping

from sandbox.teleport.access_requests import Change, Deleted, Put, Subscription
from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.visibility import visible
from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import quoted
from sandbox.teleport.resources import ACCESS_REQUEST
from teleport_client._proto.authservice_pb2 import DELETE, INIT, PUT, Event, Watch
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    Metadata,
    RequestState,
    ResourceHeader,
    WatchKind,
)


def checked_filters(watch: Watch) -> list[Mapping[str, str]]:
    """The filters of the kinds that can be watched here.

    Raises BadParameter for a kind that cannot, unless partial success is accepted and another
    can, and for a filter that cannot be read.
    """
    confirmed = [kind for kind in watch.Kinds if kind.Kind == ACCESS_REQUEST]
    if len(confirmed) < len(watch.Kinds) and not (watch.AllowPartialSuccess and confirmed):
        other = next(kind.Kind for kind in watch.Kinds if kind.Kind != ACCESS_REQUEST)
        raise BadParameter(f"watching resource kind {quoted(other)} is not supported")
    if not confirmed:
        raise BadParameter("can't setup global watch")
    return [_checked(kind) for kind in confirmed]


async def events(
    caller: Caller, filters: list[Mapping[str, str]], subscription: Subscription
) -> AsyncIterator[Event]:
    """INIT, then what changes. Raises the error the subscription is cut with."""
    yield Event(Type=INIT)
    async for change in subscription.changes():
        if _passes(change, caller, filters):
            yield _event(change)


def _passes(change: Change, caller: Caller, filters: list[Mapping[str, str]]) -> bool:
    """A deletion carries no more than the id, so it always passes."""
    if isinstance(change, Deleted):
        return True
    request = change.request
    return visible(caller, request) and any(_matches(it, request) for it in filters)


def _checked(kind: WatchKind) -> Mapping[str, str]:
    for key, value in kind.Filter.items():
        if key not in ("id", "user", "state"):
            raise BadParameter(f"unknown filter key {key}")
        if key == "state" and value not in RequestState.keys():  # noqa: SIM118 - no mapping
            raise BadParameter(f"unknown request state: {quoted(value)}")
    return dict(kind.Filter)


def _matches(wanted: Mapping[str, str], request: AccessRequestV3) -> bool:
    known = {
        "id": request.Metadata.Name,
        "user": request.Spec.User,
        "state": RequestState.Name(request.Spec.State),
    }
    return all(known[key] == value for key, value in wanted.items())


def _event(change: Change) -> Event:
    match change:
        case Put(request):
            return Event(Type=PUT, AccessRequest=request)
        case Deleted(request_id):
            metadata = Metadata(Name=request_id, Namespace="default")
            header = ResourceHeader(Kind=ACCESS_REQUEST, Version="v3", Metadata=metadata)
            return Event(Type=DELETE, ResourceHeader=header)
