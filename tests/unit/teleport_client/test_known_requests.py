"""Requests of lists are converted once for each revision."""

from teleport_client._proto import types_pb2 as types
from teleport_client.services.access_requests import request_from
from teleport_client.services.known_requests import KnownRequests


def message(reason: str, revision: str, name: str = "id") -> types.AccessRequestV3:
    return types.AccessRequestV3(
        Metadata=types.Metadata(Name=name, Revision=revision),
        Spec=types.AccessRequestSpecV3(RequestReason=reason),
    )


def test_same_revision_is_converted_once() -> None:
    known = KnownRequests(request_from)
    first = known.convert(message("one", "1"))
    assert known.convert(message("one", "1")) is first
    assert known.convert(message("one", "1", name="other")).id == "other"


def test_new_revision_is_converted_again() -> None:
    known = KnownRequests(request_from)
    known.convert(message("one", "1"))
    assert known.convert(message("two", "2")).reason == "two"
    assert known.convert(message("one", "1")).reason == "one"


def test_request_without_a_revision_is_always_converted() -> None:
    known = KnownRequests(request_from)
    known.convert(message("one", ""))
    assert known.convert(message("two", "")).reason == "two"
