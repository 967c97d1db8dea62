"""The part of the first steps that has happened in Teleport."""

from collections.abc import Mapping

from sandbox.page.first_steps import REQUESTER
from sandbox.page.side_panel import Progress
from teleport_client._proto.types_pb2 import APPROVED, AccessRequestV3


def progress_of(requests: Mapping[str, AccessRequestV3]) -> Progress:
    """Return whether the requester of the first steps has a request, and an approved one."""
    states = [one.Spec.State for one in requests.values() if one.Spec.User == REQUESTER]
    return Progress(requested=bool(states), approved=APPROVED in states)
