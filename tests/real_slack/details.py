"""Pages of the details of sample requests."""

from collections.abc import Iterator

from teleport_client.model.access_request import (
    AccessRequest,
    Constraints,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)
from tests.samples import HOSTILE, NOW, model_of, request
from workspace.requests.request_details import Deciders, DetailedRole, Grounds, RequestDetails
from workspace.views.parts.message import Message
from workspace.views.requests.details_pages import details_message

_FILTER = 'contains(reviewer.roles, "admin")'
_DECIDERS = (
    Deciders(("bob", "carol"), Grounds(("reviewer",))),
    Deciders(("dana",), Grounds(("admin",), ('contains(request.roles, "prod")',))),
)
_ROLES = (DetailedRole("prod", "Production"), DetailedRole("gone", exists=False))


def sample_details() -> Iterator[tuple[str, Message]]:
    """Yield each page with its name."""
    pending = _pending()
    yield "pending request", _page(RequestDetails(pending, _ROLES, _DECIDERS))
    yield "unknown users", _page(RequestDetails(request(), _ROLES[:1], None))
    approved = request(state=RequestState.APPROVED, reviews=pending.reviews)
    yield "approved request", _page(RequestDetails(approved, _ROLES[:1]))
    hostile = request(user=HOSTILE, roles=(HOSTILE,), reason=HOSTILE)
    yield "hostile text", _page(RequestDetails(hostile, (DetailedRole(HOSTILE, HOSTILE),)))
    long = request(reason="redis is stuck " * 1_500)
    for page in (0, 1):
        yield f"page {page + 1}", _page(RequestDetails(long, _ROLES[:1]), page)


def _page(found: RequestDetails, page: int = 0) -> Message:
    return details_message(model_of(found.request), found, page)


def _pending() -> AccessRequest:
    return request(
        roles=("prod", "gone"),
        reason="redis is stuck",
        thresholds=(Threshold(2, 2), Threshold(1, 1, "admins", _FILTER)),
        role_thresholds={"prod": ((0,), (1,))},
        reviews=(Review("bob", RequestState.APPROVED, "fine", NOW, threshold_indexes=(0,)),),
        resources=(
            ResourceId("main", "node", "db-1", constraints=Constraints("login", ("root",))),
            ResourceId("leaf", "kube_cluster", "prod"),
        ),
        suggested_reviewers=("carol",),
    )
