"""Watching access requests (authorizeWatchRequest in lib/auth/auth_with_roles.go)."""

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import INIT, Event, Watch
from teleport_client._proto.types_pb2 import WatchKind
from tests.server_rules.server import Auth, Name, Server, auth, refusal

_REQUESTS = WatchKind(Kind="access_request")


async def _init(client: Auth, watch: Watch) -> Event:
    """The first event. A call that the server refuses fails here."""
    stream = client.WatchEvents(watch)
    try:
        event = await stream.read()
    finally:
        stream.cancel()
    assert isinstance(event, Event)
    return event


async def watching_needs_the_verb_read(server: Server) -> None:
    names: tuple[Name, ...] = ("alice", "bob")
    for name in names:
        watch = Watch(Kinds=[_REQUESTS])
        assert await refusal(_init(auth(server, name), watch)) == (
            StatusCode.PERMISSION_DENIED,
            'access denied to perform action "read" on "access_request"',
        )


async def own_requests_may_be_watched(server: Server) -> None:
    own = WatchKind(Kind="access_request", Filter={"user": "alice"})
    assert (await _init(auth(server, "alice"), Watch(Kinds=[own]))).Type == INIT


async def watch_without_kinds_is_refused(server: Server) -> None:
    assert await refusal(_init(auth(server, "bot"), Watch())) == (
        StatusCode.PERMISSION_DENIED,
        "can't setup global watch",
    )


async def unknown_kind_is_one_without_permission(server: Server) -> None:
    watch = Watch(Kinds=[WatchKind(Kind="nosuch")])
    assert await refusal(_init(auth(server, "bot"), watch)) == (
        StatusCode.PERMISSION_DENIED,
        'access denied to perform action "read" on "nosuch"',
    )


async def init_carries_the_confirmed_kinds(server: Server) -> None:
    """With several kinds, INIT shows a client the kinds with events."""
    watch = Watch(Kinds=[WatchKind(Kind="nosuch"), _REQUESTS], AllowPartialSuccess=True)
    event = await _init(auth(server, "bot"), watch)
    assert (event.Type, event.WatchStatus.Kind) == (INIT, "watch_status")
    assert [it.Kind for it in event.WatchStatus.Spec.Kinds] == ["access_request"]


async def partial_success_needs_one_kind(server: Server) -> None:
    watch = Watch(Kinds=[WatchKind(Kind="nosuch")], AllowPartialSuccess=True)
    assert await refusal(_init(auth(server, "bot"), watch)) == (
        StatusCode.INVALID_ARGUMENT,
        "none of the requested kinds can be watched",
    )
