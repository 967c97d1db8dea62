"""Read all requests, or those of one user, for lists and for searches by the end of an ID.

The newest requests always come from Teleport, with one call: the user may have created or resolved
one a moment ago. The bot follows every request for its notifications, so it knows the others.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.requests.user_error import UserError
from workspace.retry import with_retry

_NEVER = datetime.min.replace(tzinfo=UTC)


async def all_requests(
    services: Services, *, user: str = "", state: RequestState | None = None
) -> Sequence[AccessRequest]:
    """Return the requests of a user, or of all if it is empty, newest first.

    Raises UserError, TeleportError.
    """
    ensure_requests_shown(services)
    newest = await with_retry(
        lambda deadline: services.teleport.requests.list_newest(
            user=user, state=state, deadline=deadline
        )
    )
    if newest.complete:
        return newest.requests
    followed = services.followed_requests()
    if followed is None or not newest.requests:
        return await with_retry(
            lambda deadline: services.teleport.requests.list(
                user=user, state=state, deadline=deadline
            )
        )
    now = services.now()
    wanted = [
        each
        for each in followed
        if (state is None or each.state is state)
        and (not user or each.user == user)
        and not each.has_expired(now)
    ]
    wanted.sort(key=_created, reverse=True)
    return [*newest.requests, *_following(newest.requests, wanted)]


def ensure_requests_shown(services: Services) -> None:
    """Raise UserError if Teleport hides requests from the bot."""
    if services.requests_hidden():
        raise UserError(
            "The bot isn't allowed to list access requests. Ask a Teleport administrator to add the"
            " verbs list and read on access_request to the bot's role. Until then, use tsh request"
            " ls.",
            reason="bot_cannot_list",
        )


def _following(
    newest: Sequence[AccessRequest], known: Sequence[AccessRequest]
) -> Iterator[AccessRequest]:
    """Yield those of the known requests, sorted like the newest ones, that come after these.

    A known request that should be among the newest ones but isn't has been resolved meanwhile.
    Teleport sorts by whole seconds (accessRequestCreated in lib/services/access_request_cache.go).
    """
    ids, last = {each.id for each in newest}, _created(newest[-1]).replace(microsecond=999_999)
    first = next((n for n, each in enumerate(known) if _created(each) <= last), len(known))
    return (each for each in known[first:] if each.id not in ids)


def _created(request: AccessRequest) -> datetime:
    return request.created or _NEVER
