"""Search in requests: by requester, role, resource, reason or a part of the ID."""

import re
from collections.abc import Callable, Mapping, Sequence

from commands.use_cases.services import Services
from teleport_client.model.access_request import AccessRequest
from workspace.requests.user_error import UserError

_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<name>[^<>]*))?>")
_MOST_MENTIONS = 3


def matcher(
    words: Sequence[str], host_names: Callable[[AccessRequest], Mapping[str, str]]
) -> Callable[[AccessRequest], bool]:
    """Return whether a request contains all words, regardless of case and order."""
    wanted = [word.casefold() for word in words]

    def matches(request: AccessRequest) -> bool:
        text = _text(request, host_names).casefold()
        for word in wanted:  # noqa: SIM110 - all() takes twice as long for thousands of requests
            if word not in text:
                return False
        return True

    return matches


async def resolve_mentions(
    services: Services, slack_user_id: str, words: Sequence[str]
) -> tuple[str, ...]:
    """Replace each mention of a Slack user by the name of the user's Teleport user.

    Slack limits lookups for all users together, so each user has only a part of them.
    Raises UserError, TeleportError, SlackApiError.
    """
    mentions = [word for word in words if _MENTION.fullmatch(word)]
    if len(mentions) > _MOST_MENTIONS:
        raise UserError(
            f"Search for at most {_MOST_MENTIONS} users at once.", reason="too_many_mentions"
        )
    if not services.reviewer_lookups.allow(slack_user_id, len(mentions)):
        raise UserError(
            "You've searched for many users in the last minute. Wait a minute and try again, or"
            " search for their Teleport names.",
            reason="too_many_lookups",
        )
    names = {each: await _teleport_name(services, each) for each in mentions}
    return tuple(names.get(word, word) for word in words)


async def _teleport_name(services: Services, mention: str) -> str:
    found = _MENTION.fullmatch(mention)
    if found is None:
        return mention
    try:
        return (await services.users.linked_user(found["id"])).name.lower()
    except UserError:
        return (found["name"] or found["id"]).lower()


def _text(request: AccessRequest, host_names: Callable[[AccessRequest], Mapping[str, str]]) -> str:
    """Return everything that a search can find, with a line for each name."""
    roles = "\n".join(request.roles)
    text = f"{request.id}\n{request.user}\n{roles}\n{request.reason}"
    if not request.resources:
        return text
    paths = (f"/{r.cluster}/{r.kind}/{r.name}/{r.sub_resource}" for r in request.resources)
    return "\n".join((text, *paths, *host_names(request).values()))
