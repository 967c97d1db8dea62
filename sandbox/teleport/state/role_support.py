"""The roles that a server accepts (checkRoleFeatureSupport in lib/auth/auth_with_roles.go)."""

from collections.abc import Iterator

from sandbox.teleport.editions import Features
from sandbox.teleport.errors import AccessDenied, BadParameter, Unsupported
from sandbox.teleport.go_text import quoted
from teleport_client._proto.types_pb2 import RoleV6

_VERSIONS = ("v3", "v4", "v5", "v6", "v7")


def check_role(role: RoleV6, features: Features) -> None:
    """Raise BadParameter, AccessDenied or Unsupported if the server rejects the role."""
    versions = (*_VERSIONS, "v8") if features.role_v8 else _VERSIONS
    if role.Version not in versions:
        raise BadParameter(f"role version {quoted(role.Version)} is not supported")
    if any(rule.Where for rule in (*role.Spec.Allow.Rules, *role.Spec.Deny.Rules)):
        raise Unsupported("the stand-in does not evaluate the `where` of rules")
    if not features.advanced_workflows:
        for feature in _enterprise_features(role):
            raise AccessDenied(f"role {feature} is only available in enterprise subscriptions")


def _enterprise_features(role: RoleV6) -> Iterator[str]:
    request_access = role.Spec.Options.RequestAccess
    allow = role.Spec.Allow
    if request_access in ("reason", "always"):
        yield f"option request_access: {request_access}"
    if allow.Request.Thresholds:
        yield "field allow.request.thresholds"
    if allow.ReviewRequests.ListFields():
        yield "field allow.review_requests"
    if allow.Request.SearchAsRoles:
        yield "field allow.search_as_roles"
