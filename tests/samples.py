"""Sample access requests and card models, for every test and program that renders them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.card_model.build import build_card_model
from workspace.card_model.record import CardModel
from workspace.requests.review_policy import ReviewMode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGES = "https://teleport.example.com/web/requests/"
HOSTILE = "<!channel> <@U1> <https://evil.example|click> @here *bold* `code` :smile: ```x```"


def request(**changes: Any) -> AccessRequest:
    """Return alice's pending request for staging, with these fields changed."""
    values: dict[str, Any] = {
        "id": "0190c0de-0000-7000-8000-00000000abcd",
        "user": "alice",
        "roles": ("staging",),
        "state": RequestState.PENDING,
        "created": NOW - timedelta(hours=1),
        "expires": NOW + timedelta(hours=1),
        "access_until": NOW + timedelta(hours=8),
    } | changes
    return AccessRequest(**values)


def model_of(request: AccessRequest, mode: ReviewMode = ReviewMode.PERSON) -> CardModel:
    """Return the card model of a request."""
    return build_card_model(request, request_url_base=PAGES, mode=mode, cluster="main")


def sample_model(**changes: Any) -> CardModel:
    """Return the card model of the sample request, with these fields of the request changed."""
    return model_of(request(**changes))
