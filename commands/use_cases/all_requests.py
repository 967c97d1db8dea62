"""Read all requests, or those of one user, for lists and for searches by the end of an ID.

The bot follows every request for its notifications. So this costs Teleport a call only while the
bot's watch isn't open.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.retry import with_retry

_NEVER = datetime.min.replace(tzinfo=UTC)


async def all_requests(
    services: Services, *, user: str = "", state: RequestState | None = None
) -> Sequence[AccessRequest]:
    """Return the requests of a user, or of all if it is empty, newest first.

    Raises TeleportError.
    """
    followed = services.followed_requests()
    if followed is None:
        return await with_retry(
            lambda deadline: services.teleport.requests.list(
                user=user, state=state, deadline=deadline
            )
        )
    found = [
        each
        for each in followed
        if (state is None or each.state is state) and (not user or each.user == user)
    ]
    return sorted(found, key=_created, reverse=True)


def _created(request: AccessRequest) -> datetime:
    return request.created or _NEVER
