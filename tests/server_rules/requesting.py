"""Creating access requests (lib/services/access_request.go)."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import RequestID, RequestStateSetter
from teleport_client._proto.types_pb2 import (
    APPROVED,
    AccessRequestSpecV3,
    AccessRequestV3,
    Metadata,
)
from tests.server_rules.server import UNSAFE_KEY, Server, auth, in_future, refusal

_DURATION = r"(?:\d+h)?(?:\d+m)?\d+(?:\.\d{1,9})?s"
_CERTIFICATE_LIMIT = timedelta(hours=30)  # MaxCertDuration in api/defaults


def wanted(name: str = "", **spec: Any) -> AccessRequestV3:
    """A request of alice's for `staging`; the server replaces the name."""
    given: dict[str, Any] = {"User": "alice", "Roles": ["staging"]}
    return AccessRequestV3(
        Metadata=Metadata(Name=name or str(uuid4())), Spec=AccessRequestSpecV3(**(given | spec))
    )


def _seconds(duration: str) -> float:
    """Return the seconds of a duration in the format of Go's `%v`."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(n) * units[unit] for n, unit in re.findall(r"([\d.]+)([hms])", duration))


async def name_must_be_a_uuid(server: Server) -> None:
    word = "ID" if server.version >= (18, 0, 0) else "id"
    assert await refusal(auth(server, "bot").CreateAccessRequestV2(wanted("x"))) == (
        StatusCode.INVALID_ARGUMENT,
        f'invalid access request {word} "x"',
    )


async def reason_has_a_limit(server: Server) -> None:
    """It is counted in bytes."""
    bot = auth(server, "bot")
    await bot.CreateAccessRequestV2(wanted(RequestReason="x" * 4096, DryRun=True))
    assert await refusal(bot.CreateAccessRequestV2(wanted(RequestReason="é" * 2049))) == (
        StatusCode.INVALID_ARGUMENT,
        "access request reason is too long, max 4096 bytes",
    )


async def resolve_reason_has_a_limit(server: Server) -> None:
    bot = auth(server, "bot")
    made = await bot.CreateAccessRequestV2(wanted())
    setter = RequestStateSetter(ID=made.Metadata.Name, State=APPROVED, Reason="x" * 4097)
    assert await refusal(bot.SetAccessRequestState(setter)) == (
        StatusCode.INVALID_ARGUMENT,
        "access request resolve reason is too long, max 4096 bytes",
    )


async def deleting_needs_an_id(server: Server) -> None:
    assert await refusal(auth(server, "admin").DeleteAccessRequest(RequestID())) == (
        StatusCode.INVALID_ARGUMENT,
        f'{UNSAFE_KEY}"/access_requests//params"',
    )


async def expiry_stands_where_the_version_keeps_it(server: Server) -> None:
    """Since 18 in the spec, before in the metadata, as the backend's time to live."""
    made = await auth(server, "bot").CreateAccessRequestV2(wanted())
    in_spec = server.version >= (18, 0, 0)
    assert made.Spec.HasField("ResourceExpiry") == in_spec
    assert made.Metadata.HasField("Expires") == (not in_spec)


async def times_have_nanoseconds(server: Server) -> None:
    bot = auth(server, "bot")
    made = [await bot.CreateAccessRequestV2(wanted(DryRun=True)) for _ in range(5)]
    assert any(it.Spec.Created.nanos % 1000 for it in made)


async def request_waits_seven_days_at_most(server: Server) -> None:
    request = wanted()
    if server.version >= (18, 0, 0):
        request.Spec.ResourceExpiry.CopyFrom(in_future(days=8))
    else:
        request.Metadata.Expires.CopyFrom(in_future(days=8))
    code, text = await refusal(auth(server, "bot").CreateAccessRequestV2(request))
    match = re.fullmatch(
        rf"invalid request TTL: ({_DURATION}) greater than maximum allowed \(168h0m0s\)", text
    )
    assert code == StatusCode.INVALID_ARGUMENT
    assert match, text
    assert timedelta(days=8, minutes=-1) < timedelta(seconds=_seconds(match[1])) < timedelta(days=8)


async def session_beyond_the_limit_is_refused_with_both_durations(server: Server) -> None:
    """The limit is the rest of the caller's certificate, or 30 hours."""
    call = auth(server, "bot").CreateAccessRequestV2(wanted(Expires=in_future(days=40)))
    code, text = await refusal(call)
    match = re.fullmatch(
        rf"invalid session TTL: ({_DURATION}) greater than maximum allowed \(({_DURATION})\)", text
    )
    assert code == StatusCode.INVALID_ARGUMENT
    assert match, text
    wish, limit = (timedelta(seconds=_seconds(it)) for it in match.groups())
    assert timedelta(days=40, minutes=-1) < wish < timedelta(days=40)
    assert limit <= _CERTIFICATE_LIMIT


async def access_ends_with_the_certificate_of_the_bot(server: Server) -> None:
    """The caller's certificate counts, not the requester's."""
    made = await auth(server, "bot").CreateAccessRequestV2(wanted())
    ends = made.Spec.Expires.ToNanoseconds() / 1e9
    assert ends <= server.certificate_end("bot").timestamp()
    assert ends <= made.Spec.Created.ToNanoseconds() / 1e9 + _CERTIFICATE_LIMIT.total_seconds() + 1
