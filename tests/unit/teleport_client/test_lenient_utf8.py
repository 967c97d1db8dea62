"""Text from Teleport that isn't UTF-8."""

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.rpc.lenient_utf8 import reader
from tests.strategies import texts

_PLACE = "~~here~~"

anything = st.binary(min_size=len(_PLACE), max_size=len(_PLACE))


def page(reason: str, *, beside: str = "") -> proto.ListAccessRequestsResponse:
    """Return a list with an arbitrary text deep inside, and numbers and texts beside it."""
    request = types.AccessRequestV3(Metadata=types.Metadata(Name=beside))
    request.Spec.Reviews.add(Author=beside, Reason=reason, ProposedState=types.APPROVED)
    request.Spec.RoleThresholdMapping[beside].Sets.add(Indexes=[0, 300])
    request.Spec.Created.FromSeconds(1_900_000_000)
    return proto.ListAccessRequestsResponse(AccessRequests=[request, request], NextKey=beside)


@given(anything, texts)
def test_invalid_utf8_is_read_with_question_marks(put: bytes, beside: str) -> None:
    """The rest of the message is unchanged."""
    if _PLACE in beside:
        return
    data = page(_PLACE, beside=beside).SerializeToString(deterministic=True)
    spoilt = data.replace(_PLACE.encode(), put)
    read = reader(proto.ListAccessRequestsResponse.FromString)(spoilt)
    [reason] = {request.Spec.Reviews[0].Reason for request in read.AccessRequests}
    assert read == page(reason, beside=beside)
    assert len(reason.encode()) == len(put)
    assert reason.replace("?", "") == put.decode(errors="ignore").replace("?", "")


@given(st.binary(max_size=200))
def test_malformed_message_is_rejected(data: bytes) -> None:
    """It isn't read as a different message, and the only error is DecodeError."""
    try:
        as_it_is = types.AccessRequestV3.FromString(data)
    except DecodeError:
        as_it_is = None
    try:
        read = reader(types.AccessRequestV3.FromString)(data)
    except DecodeError:
        assert as_it_is is None
    else:
        assert as_it_is in (None, read)


def test_question_marks_only_replace_bytes_that_are_not_utf8() -> None:
    """The error handler is registered for the whole process."""
    with pytest.raises(UnicodeEncodeError):
        "é".encode("ascii", errors="one-question-mark-per-byte")
