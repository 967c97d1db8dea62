"""Build the card model of a request, which all views of requests render."""

from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest
from workspace.card_model.build import build_card_model
from workspace.card_model.record import CardModel


def request_model(services: Services, request: AccessRequest) -> CardModel:
    return build_card_model(
        request,
        request_url_base=services.policy.request_url_base,
        mode=services.review_policy.mode_of(request),
        cluster=services.policy.cluster,
        host_names=services.host_names.of(request),
        confirm_roles=services.review_policy.roles_to_confirm(request.roles),
    )
