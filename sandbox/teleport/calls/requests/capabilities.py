"""GetAccessCapabilities: the roles that a user can request."""

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.calls.requests.requested_resources import applicable_roles
from sandbox.teleport.rules import requestable
from sandbox.teleport.rules.accounts import Account, account
from sandbox.teleport.state.cluster import Cluster
from teleport_client._proto.types_pb2 import AccessCapabilities, AccessCapabilitiesRequest

_AUTO_REQUEST = ("always", "reason")


def get_access_capabilities(
    cluster: Cluster, caller: Caller, query: AccessCapabilitiesRequest
) -> AccessCapabilities:
    user = query.User or caller.name
    if user != caller.name:
        caller.require("user", "read")
        caller.require("role", "list", "read")
    asked = account(cluster, user)
    capabilities = AccessCapabilities(
        RequestPrompt=_prompt(asked),
        AutoRequest=any(it.Spec.Options.RequestAccess in _AUTO_REQUEST for it in asked.roles),
    )
    if query.RequestableRoles:
        # Teleport also reads the roles that show the resources, and fails if one doesn't exist.
        cluster.roles_named(requestable.search_as_roles(asked))
        roles = requestable.requestable_roles(asked, cluster.roles)
        capabilities.RequestableRoles.extend(roles)
        capabilities.RequireReason = requestable.needs_reason(asked, roles)
    if query.SuggestedReviewers:
        capabilities.SuggestedReviewers.extend(requestable.suggested_reviewers(asked))
    if query.ResourceIDs:
        applicable = applicable_roles(cluster, asked, list(query.ResourceIDs))
        capabilities.ApplicableRolesForResources.extend(applicable)
    return capabilities


def _prompt(asked: Account) -> str:
    prompts = {role.Spec.Options.RequestPrompt for role in asked.roles} - {""}
    return min(prompts, default="")
