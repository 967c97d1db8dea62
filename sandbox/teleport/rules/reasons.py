"""Length of a request's reasons."""

from sandbox.teleport.errors import BadParameter
from teleport_client._proto.types_pb2 import AccessRequestSpecV3

_LONGEST = 4096  # bytes


def check_reasons(spec: AccessRequestSpecV3) -> None:
    """Raise BadParameter for a long reason. Teleport checks this at each write of a request."""
    for what, reason in (("reason", spec.RequestReason), ("resolve reason", spec.ResolveReason)):
        if len(reason.encode()) > _LONGEST:
            raise BadParameter(f"access request {what} is too long, max {_LONGEST} bytes")
