"""The DM channel of a requester."""

import structlog
from slack_sdk.errors import SlackApiError

from notifications.routing.recipient_lookup import RecipientFinder
from workspace.card_model.record import CardModel
from workspace.directory.contacts import Contacts, NoContact
from workspace.sending.slack_failure import Failure, classify, error_code, is_transient

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class RequesterDm:
    def __init__(self, contacts: Contacts, finder: RecipientFinder) -> None:
        self._contacts = contacts
        self._finder = finder

    async def find(self, card_model: CardModel, known_dm: str) -> str:
        """Return the address of the requester's DMs, empty if notices can't be delivered.

        `known_dm` is the channel of an earlier notice. It is used if the user no longer exists:
        single sign-on users expire. Raises TeleportError, and SlackApiError if a retry can help.
        """
        slack_user = ""
        try:
            slack_user = await self._contacts.user(card_model.user)
            return await self._finder.dm(slack_user)
        except NoContact as error:
            if error.user_gone and known_dm:
                return known_dm
            log.info(
                "requester_not_linked",
                request_id=card_model.id,
                teleport_user=card_model.user,
                error=str(error),
            )
        except SlackApiError as error:
            if is_transient(error) or classify(error) is Failure.REJECTED:
                raise
            log.warning(
                "requester_dm_failed",
                request_id=card_model.id,
                slack_user=slack_user,
                teleport_user=card_model.user,
                error=error_code(error),
            )
        return ""
