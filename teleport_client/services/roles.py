"""Roles with their permissions. `get` needs read on `role`, `list` needs list and read."""

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from teleport_client._proto import authservice_pb2 as proto
from teleport_client._proto import types_pb2 as types
from teleport_client.model.user import (
    ClaimMapping,
    Conditions,
    LabelSelector,
    ReviewConditions,
    Role,
    Rule,
)
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE, PAGE_SIZE
from teleport_client.services.events import WatchedKind

LONGEST_DESCRIPTION = 1_000
"""Limit of a stored description, in characters: many roles are in memory at a time."""


class RoleService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth

    async def get(self, name: str, *, deadline: float = DEADLINE) -> Role:
        return role_from(
            await self._auth.GetRole(proto.GetRoleRequest(Name=name), timeout=deadline)
        )

    async def list(self, *, deadline: float = DEADLINE) -> tuple[Role, ...]:
        """Return all roles. `deadline` is per page."""
        found: list[Role] = []
        key = ""
        while True:
            page = await self._auth.ListRoles(
                proto.ListRolesRequest(Limit=PAGE_SIZE, StartKey=key), timeout=deadline
            )
            found += map(role_from, page.Roles)
            key = page.NextKey
            if not key:
                return tuple(found)


def role_from(message: types.RoleV6) -> Role:
    return Role(
        name=message.Metadata.Name,
        allow=_conditions_from(message.Spec.Allow),
        deny=_conditions_from(message.Spec.Deny),
        description=message.Metadata.Description[:LONGEST_DESCRIPTION],
    )


def _conditions_from(message: types.RoleConditions) -> Conditions:
    review = message.ReviewRequests
    return Conditions(
        rules=tuple(
            Rule(resources=tuple(rule.Resources), verbs=tuple(rule.Verbs), where=rule.Where)
            for rule in message.Rules
        ),
        review=ReviewConditions(
            roles=tuple(review.Roles),
            claims=tuple(
                ClaimMapping(claim=each.Claim, value=each.Value, roles=tuple(each.Roles))
                for each in review.ClaimsToRoles
            ),
            where=review.Where,
            preview_as=tuple(review.PreviewAsRoles),
            submit_for=tuple(review.SubmitForUsers),
        ),
        selects_nodes=bool(message.NodeLabels.Values),
        max_duration=timedelta(microseconds=message.Request.MaxDuration // 1000),
        selectors=MappingProxyType(dict(_selectors_from(message))),
        search_as=tuple(message.Request.SearchAsRoles),
        reason_prompt=message.Request.Reason.Prompt,
    )


def _selectors_from(message: types.RoleConditions) -> Iterator[tuple[str, LabelSelector]]:
    """Yield a selector for each kind of resource that the conditions select."""
    for kind, labels, expression in (
        ("node", message.NodeLabels, message.NodeLabelsExpression),
        ("app", message.AppLabels, message.AppLabelsExpression),
        ("db", message.DatabaseLabels, message.DatabaseLabelsExpression),
        ("kube_cluster", message.KubernetesLabels, message.KubernetesLabelsExpression),
        (
            "windows_desktop",
            message.WindowsDesktopLabels,
            message.WindowsDesktopLabelsExpression,
        ),
    ):
        values = {key: tuple(each.Values) for key, each in labels.Values.items()}
        if values or expression:
            yield kind, LabelSelector(MappingProxyType(values), expression)


ROLES: WatchedKind[Role] = WatchedKind("role", "Role", role_from)
