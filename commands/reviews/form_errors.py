"""The errors of a submitted review form, at its fields."""

from collections.abc import Collection, Iterator

from commands.reviews.start_error import start_error
from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest
from workspace.requests.request_draft import check_reason, has_text
from workspace.requests.review_policy import shown_role, unconfirmed
from workspace.requests.user_error import UserError
from workspace.text.names import it_or_them, list_names
from workspace.views.modals.review_input import (
    CONFIRM,
    GRANT,
    REASON,
    START,
    ReviewFormInput,
    numbered,
)
from workspace.views.options import role_option


def field_errors(
    services: Services,
    submitted: ReviewFormInput,
    request: AccessRequest | None,
    gone: Collection[str] = (),
) -> dict[str, str]:
    """Return errors by block ID. Without a `request`, those that need none.

    `gone` are the selected roles that Teleport doesn't have any more.
    """
    found = dict(_errors(services, submitted, request, gone))
    return {name: text for name, text in found.items() if name in {*submitted.fields, REASON}}


def _errors(
    services: Services,
    submitted: ReviewFormInput,
    request: AccessRequest | None,
    gone: Collection[str],
) -> Iterator[tuple[str, str]]:
    if error := _reason_error(services, submitted, request):
        yield REASON, error
    if not submitted.review.approve:
        return
    if error := _roles_error(submitted, request, gone):
        yield numbered(GRANT, 0), error
    if submitted.start is not None and (
        error := start_error(submitted.start, request, services.now())
    ):
        yield START, error
    if request is not None:
        yield from _confirmation_errors(services, submitted, request)


def _reason_error(
    services: Services, submitted: ReviewFormInput, request: AccessRequest | None
) -> str:
    try:
        check_reason(submitted.reason)
    except UserError as error:
        return error.text
    roles = granted_roles(submitted, request) if request else ()
    required = not submitted.review.approve or services.review_policy.needs_reason(roles)
    if required and not has_text(submitted.reason):
        return "Enter a reason. The requester will see it."
    return ""


def _roles_error(
    submitted: ReviewFormInput, request: AccessRequest | None, gone: Collection[str]
) -> str:
    if submitted.role_values is None:
        return ""
    if not submitted.role_values:
        return "Select at least one role, or deny the request."
    if gone:
        names = list_names(sorted(gone))
        role = "role" if len(gone) == 1 else "roles"
        return (
            f"Teleport has no {role} {names} any more. Clear {it_or_them(gone)}, or deny the"
            " request."
        )
    if request is not None:
        known = {role_option.value(role) for role in request.roles}
        if not set(submitted.role_values) <= known:
            return "The request no longer has all of these roles. Click Approve with… again."
    return ""


def _confirmation_errors(
    services: Services, submitted: ReviewFormInput, request: AccessRequest
) -> Iterator[tuple[str, str]]:
    """Yield an error for each granted role without a typed name."""
    policy = services.review_policy
    asked = policy.roles_to_confirm(request.roles)
    granted = policy.roles_to_confirm(granted_roles(submitted, request))
    for role in unconfirmed(granted, submitted.typed_roles):
        left_out = ", or clear the role above" if submitted.role_values is not None else ""
        text = f"Type {shown_role(role)} exactly{left_out}."
        yield numbered(CONFIRM, asked.index(role)), text


def granted_roles(submitted: ReviewFormInput, request: AccessRequest) -> tuple[str, ...]:
    """Return the roles of the request that the form grants."""
    if submitted.role_values is None:
        return request.roles
    return role_option.known_names(submitted.role_values, request.roles)
