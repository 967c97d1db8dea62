"""Whether Teleport still shows all access requests to the bot.

Without the permission, Teleport returns empty lists and NotFound instead of an error. A revoked
permission therefore looks like deleted requests, and the bot would close all cards. A bot that
never had it would tell users that nothing waits for them. So check the roles of the bot's
certificate after each list, and before a missing request counts as deleted. The check comes after
the list: a permission that exists after the list existed during it, unless it was revoked and
granted again in between.

If the roles can't be read and never could, the check assumes the permission.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from teleport_client.errors import NotFound, Sent, TeleportError
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import can_list_requests, verbs_missing_for_requests
from teleport_client.services.roles import RoleService


class NotVisible(TeleportError):
    """The permission is missing, so a missing request isn't necessarily deleted."""


class Visibility:
    """`own` returns the names of the roles in the bot's current certificate."""

    def __init__(self, roles: RoleService, own: Callable[[], Sequence[str]]) -> None:
        self._service = roles
        self._own = own
        self._readable = False
        """Whether the roles could be read before."""
        self._granted = False
        """Whether the permission was found before."""

    async def check_list(self) -> None:
        """Raise NotVisible if the permission is missing.

        A permission with a condition counts as missing only if it had no condition before.
        Raises TeleportError if the roles can't be read any more.
        """
        roles = await self._roles()
        if roles is not None and not self._is_granted(roles):
            missing = verbs_missing_for_requests(roles)
            if missing or self._granted:
                raise self._not_visible(missing)

    async def check_missing(self) -> None:
        """Raise NotVisible if a request that isn't found can be a hidden one.

        Raises TeleportError if the roles can't be read any more.
        """
        roles = await self._roles()
        if roles is not None and not self._is_granted(roles):
            raise self._not_visible(verbs_missing_for_requests(roles))

    def _is_granted(self, roles: Sequence[Role]) -> bool:
        granted = can_list_requests(roles)
        self._granted = self._granted or granted
        return granted

    async def _roles(self) -> list[Role] | None:
        """Return the bot's roles without deleted ones, None if they never could be read."""
        roles: list[Role] = []
        try:
            for name in self._own():
                with suppress(NotFound):
                    roles.append(await self._service.get(name))
        except TeleportError:
            if self._readable:
                raise
            return None
        self._readable = True
        return roles

    def _not_visible(self, missing: Sequence[str]) -> NotVisible:
        if self._granted:
            problem = (
                "no longer allows list and read on access_request;"
                " apply the role from teleport-role again"
            )
        elif missing:
            problem = f"lacks access_request: {', '.join(missing)}"
        else:
            problem = "allows list and read on access_request only under a condition"
        return NotVisible(f"the bot's role {problem}", sent=Sent.REFUSED)
