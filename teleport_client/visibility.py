"""Whether Teleport still shows the bot everybody's requests.

Without the right Teleport denies nothing: a list is empty, and a request read by id is not found.
So a right that was withdrawn looks like requests that were all deleted.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from teleport_client.errors import NotFound, Sent, TeleportError
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import can_list_requests
from teleport_client.services.roles import RoleService


class NotVisible(TeleportError):
    """The right to see requests is missing; nothing that is not there can be believed gone."""


class Visibility:
    """`own` gives the names of the roles that the bot's certificate holds now."""

    def __init__(self, roles: RoleService, own: Callable[[], Sequence[str]]) -> None:
        self._service = roles
        self._own = own
        self._given = False
        """Whether the right was there before."""

    async def check_list(self) -> None:
        """Raise NotVisible for a right that was withdrawn; one that never was hides everything.

        Raises TeleportError where it cannot be found out any more.
        """
        if not await self._sees() and self._given:
            raise _not_visible()

    async def check_missing(self) -> None:
        """Raise NotVisible where a request that is not found may only be hidden.

        Raises TeleportError where it cannot be found out any more.
        """
        if not await self._sees():
            raise _not_visible()

    async def _sees(self) -> bool:
        """What cannot be read, and never could, is taken for given."""
        try:
            sees = can_list_requests(await self._roles())
        except TeleportError:
            if self._given:
                raise
            return True
        self._given = self._given or sees
        return sees

    async def _roles(self) -> list[Role]:
        """A role that is gone gives nothing."""
        roles: list[Role] = []
        for name in self._own():
            with suppress(NotFound):
                roles.append(await self._service.get(name))
        return roles


def _not_visible() -> NotVisible:
    return NotVisible(
        "the bot's role no longer lets it list and read access requests;"
        " give it the role of teleport-role again",
        sent=Sent.REFUSED,
    )
