"""Whether Teleport still shows all access requests to the bot.

Without the permission, Teleport returns empty lists and NotFound instead of an error. A revoked
permission therefore looks like deleted requests, and the bot would close all cards. So check the
roles of the bot's certificate after each list, and before a missing request counts as deleted. The
check comes after the list: a permission that exists after the list existed during it, unless it was
revoked and granted again in between.

If the roles can't be read and never could, the check assumes the permission.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from teleport_client.errors import NotFound, Sent, TeleportError
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import can_list_requests
from teleport_client.services.roles import RoleService


class NotVisible(TeleportError):
    """The permission is missing, so a missing request isn't necessarily deleted."""


class Visibility:
    """`own` returns the names of the roles in the bot's current certificate."""

    def __init__(self, roles: RoleService, own: Callable[[], Sequence[str]]) -> None:
        self._service = roles
        self._own = own
        self._granted = False
        """Whether the permission was found before."""

    async def check_list(self) -> None:
        """Raise NotVisible if the permission was revoked since it was last found.

        Raises TeleportError if the roles can't be read any more.
        """
        if not await self._has_permission() and self._granted:
            raise _not_visible()

    async def check_missing(self) -> None:
        """Raise NotVisible if a request that isn't found can be a hidden one.

        Raises TeleportError if the roles can't be read any more.
        """
        if not await self._has_permission():
            raise _not_visible()

    async def _has_permission(self) -> bool:
        """Return True also if the roles can't be read and never could."""
        try:
            granted = can_list_requests(await self._roles())
        except TeleportError:
            if self._granted:
                raise
            return True
        self._granted = self._granted or granted
        return granted

    async def _roles(self) -> list[Role]:
        """Return the bot's roles without deleted ones."""
        roles: list[Role] = []
        for name in self._own():
            with suppress(NotFound):
                roles.append(await self._service.get(name))
        return roles


def _not_visible() -> NotVisible:
    return NotVisible(
        "the bot's role no longer allows list and read on access_request;"
        " apply the role from teleport-role again",
        sent=Sent.REFUSED,
    )
