"""Whether Teleport has locked somebody out of everything, read anew before each decision.

A lock on a user, or on a role that they hold, stops what they do themselves. A decision that the
bot hands in for them is the bot's call, so it looks at their locks itself.
"""

import structlog

from commands.patience import patiently
from commands.services import Services
from teleport_client.errors import NotSupported, PermissionDenied
from teleport_client.lock import Lock
from workspace.people import Person
from workspace.refusal import Refusal
from workspace.untrusted import label, one_line

_MESSAGE = 200
"""Characters of a lock's message."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def refuse_if_locked(
    services: Services, person: Person, held: frozenset[str], *, must_know: bool
) -> None:
    """Refuse whoever is locked; with `must_know` also where the bot may not read locks.

    `held` are the roles of the person. Raises Refusal, TeleportError.
    """
    try:
        locks = await patiently(
            lambda deadline: services.teleport.locks_on(
                person.name, sorted(held), deadline=deadline
            )
        )
    except (PermissionDenied, NotSupported) as error:
        log.warning("locks_not_read", error=error.text)
        if must_know:
            raise _unknown() from error
        return
    if locks:
        raise _locked(person, locks[0])


def _locked(person: Person, lock: Lock) -> Refusal:
    whom = f"Your Teleport user {label(person.name)}" if lock.user else "A Teleport role of yours"
    said = f" ({one_line(lock.message, _MESSAGE)})" if lock.message else ""
    return Refusal(
        f"{whom} is locked{said}, so nothing was done. Ask a Teleport administrator to lift the"
        " lock, or leave the decision to somebody else.",
        reason="locked",
    )


def _unknown() -> Refusal:
    return Refusal(
        "The bot may not look whether you are locked out of Teleport, so nothing was done. Ask"
        " whoever runs it to give it list and read on lock; its command teleport-role prints the"
        " role.",
        reason="locks_not_read",
    )
