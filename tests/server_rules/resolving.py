"""Setting a request's state, as an approver in mode `override` does.

SetAccessRequestState in lib/services/local/dynamic_access.go, and ValidateAssumeStartTime in
api/types/access_request.go.
"""

from typing import Any

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import ListAccessRequestsRequest, RequestStateSetter
from teleport_client._proto.types_pb2 import APPROVED, DENIED, AccessRequestFilter, AccessRequestV3
from tests.server_rules.requesting import wanted
from tests.server_rules.server import Server, auth, in_future, refusal


async def approval_grants_some_of_the_roles(server: Server) -> None:
    """A later approval can't add a role again, and the thresholds name all requested roles."""
    made = await _made(server, Roles=["prod", "staging"], RequestReason="x")
    await _set(server, made, Roles=["staging"])
    stored = await _stored(server, made)
    assert list(stored.Spec.Roles) == ["staging"]
    assert set(stored.Spec.RoleThresholdMapping) == {"prod", "staging"}
    assert await refusal(_set(server, made, Roles=["prod"])) == (
        StatusCode.INVALID_ARGUMENT,
        'role "prod" not in original request, overrides must be a subset of original role list',
    )


async def denial_names_no_roles(server: Server) -> None:
    made = await _made(server)
    assert await refusal(_set(server, made, State=DENIED, Roles=["staging"])) == (
        StatusCode.INVALID_ARGUMENT,
        "cannot override roles when setting state: DENIED",
    )


async def approval_sets_a_later_start(server: Server) -> None:
    made = await _made(server)
    start = in_future(hours=1)
    await _set(server, made, AssumeStartTime=start)
    assert (await _stored(server, made)).Spec.AssumeStartTime == start


async def start_has_limits(server: Server) -> None:
    """It is between the creation and the end of the access."""
    made = await _made(server)
    code, text = await refusal(_set(server, made, AssumeStartTime=in_future(hours=-1)))
    assert code == StatusCode.INVALID_ARGUMENT
    assert text.startswith("assume start time has to be after ")
    code, text = await refusal(_set(server, made, AssumeStartTime=made.Spec.Expires))
    assert code == StatusCode.INVALID_ARGUMENT
    assert text.startswith("assume start time must be prior to access expiry time at ")


async def _made(server: Server, **spec: Any) -> AccessRequestV3:
    return await auth(server, "bot").CreateAccessRequestV2(wanted(**spec))


async def _set(server: Server, made: AccessRequestV3, **setter: Any) -> None:
    given: dict[str, Any] = {"ID": made.Metadata.Name, "State": APPROVED} | setter
    await auth(server, "bot").SetAccessRequestState(RequestStateSetter(**given))


async def _stored(server: Server, made: AccessRequestV3) -> AccessRequestV3:
    query = ListAccessRequestsRequest(Filter=AccessRequestFilter(ID=made.Metadata.Name), Limit=1)
    (found,) = (await auth(server, "bot").ListAccessRequests(query)).AccessRequests
    return found
