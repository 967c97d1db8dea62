"""The part of the first steps that has happened in Teleport."""

from sandbox.page.first_steps import REQUESTER
from sandbox.page.side_panel import Progress
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.types_pb2 import APPROVED


def progress_of(cluster: Cluster) -> Progress:
    """Return how far the requester of the first steps has come."""
    states = [it.Spec.State for it in cluster.requests.values() if it.Spec.User == REQUESTER]
    login = cluster.certificates.get(REQUESTER)
    return Progress(
        requested=bool(states),
        approved=APPROVED in states,
        assumed=login is not None and bool(login.active_requests),
    )
