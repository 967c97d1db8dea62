"""Waiting for a request's resolution with a watch.

The watch must begin before the request is created or read: its INIT event confirms that the server
sends all later changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.teleport.go_text import quoted
from sandbox.teleport.state.resources import ACCESS_REQUEST
from sandbox.teleport.tools.command_line import failure
from teleport_client._proto.authservice_pb2 import DELETE, Event, Watch
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from teleport_client._proto.types_pb2 import (
    APPROVED,
    PENDING,
    AccessRequestV3,
    RequestState,
    WatchKind,
)


@contextmanager
def watch_requests(auth: AuthServiceStub, user: str) -> Iterator[Iterator[Event]]:
    """Watch the user's requests. All changes after the start are included."""
    kind = WatchKind(Kind=ACCESS_REQUEST, Filter={"user": user})
    stream = auth.WatchEvents(Watch(Kinds=[kind]))
    try:
        next(stream)  # INIT: the watch has started
        yield stream
    finally:
        stream.cancel()


def wait_until_resolved(events: Iterator[Event], request_id: str) -> AccessRequestV3:
    """Return the resolved request. Fails if it is deleted or the watch ends."""
    for event in events:
        if event.Type == DELETE and event.ResourceHeader.Metadata.Name == request_id:
            raise failure(f"request {request_id} has expired or was deleted")
        request = event.AccessRequest
        if request.Metadata.Name == request_id and request.Spec.State != PENDING:
            return request
    raise failure(f"the watch ended before request {request_id} was decided")


def require_approval(request: AccessRequestV3) -> None:
    """Fail with the state and the reason unless the request is approved."""
    if request.Spec.State == APPROVED:
        return
    state = RequestState.Name(request.Spec.State).lower()
    reason = f", reason={quoted(request.Spec.ResolveReason)}" if request.Spec.ResolveReason else ""
    raise failure(f"request {request.Metadata.Name} has been {state}{reason}")
