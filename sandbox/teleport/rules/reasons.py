"""How long the reasons of a request may be."""

from sandbox.teleport.errors import BadParameter
from teleport_client._proto.types_pb2 import AccessRequestSpecV3

_LONGEST = 4096  # bytes


def check_reasons(spec: AccessRequestSpecV3) -> None:
    """Raises BadParameter. Teleport looks whenever it stores a request."""
    for what, reason in (("reason", spec.RequestReason), ("resolve reason", spec.ResolveReason)):
        if len(reason.encode()) > _LONGEST:
            raise BadParameter(f"access request {what} is too long, max {_LONGEST} bytes")
