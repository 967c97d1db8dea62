"""Visibility of access requests."""

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.rules import rbac, reviewers
from sandbox.teleport.state.resources import ACCESS_REQUEST
from teleport_client._proto.types_pb2 import AccessRequestV3

_VERBS = ("list", "read")


def sees_all(caller: Caller) -> bool:
    return all(caller.allows(ACCESS_REQUEST, verb) for verb in _VERBS)


def require_not_denied(caller: Caller) -> None:
    """Raise AccessDenied if a rule denies a verb, which also hides the caller's own requests."""
    if any(rbac.denies(caller.roles, ACCESS_REQUEST, verb) for verb in _VERBS):
        caller.require(ACCESS_REQUEST, *_VERBS)


def visible(caller: Caller, request: AccessRequestV3) -> bool:
    """Return whether the caller sees a request: their own, or one that they can review.

    A rule that denies the verbs hides both.
    """
    if sees_all(caller):
        return True
    if any(rbac.denies(caller.roles, ACCESS_REQUEST, verb) for verb in _VERBS):
        return False
    own = request.Spec.User == caller.name
    return own or reviewers.may_review(caller.as_reviewer(), request.Spec)
