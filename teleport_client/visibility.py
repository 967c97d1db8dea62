"""Whether Teleport still shows the bot everybody's requests.

Without the right Teleport denies nothing: a list is empty, and a request read by id is not found.
So a right that was withdrawn looks like requests that were all deleted.
"""

from contextlib import suppress

from teleport_client.client import TeleportClient
from teleport_client.errors import NotFound, Sent, TeleportError
from teleport_client.review_permission import sees_requests
from teleport_client.user import Role


class NotVisible(TeleportError):
    """The right to see requests was withdrawn; nothing that is missing can be believed gone."""


class Visibility:
    """Counts once the roles of `user` have been seen to give the right.

    Roles that a certificate holds beyond those of its user cannot be looked up by that name.
    """

    def __init__(self, teleport: TeleportClient, user: str) -> None:
        self._teleport = teleport
        self._user = user
        self._given = False

    async def check(self) -> None:
        """Raise NotVisible, or TeleportError where it cannot be found out any more."""
        try:
            given = sees_requests(await self._roles())
        except TeleportError:
            if self._given:
                raise
            return
        if self._given and not given:
            raise NotVisible(
                "the bot's role no longer lets it list and read access requests;"
                " give it the role of teleport-role again",
                sent=Sent.REFUSED,
            )
        self._given = given

    async def _roles(self) -> list[Role]:
        """A role that is gone gives nothing."""
        held = await self._teleport.static_access(self._user)
        roles: list[Role] = []
        for name in held.roles:
            with suppress(NotFound):
                roles.append(await self._teleport.role(name))
        return roles
