"""The links of all users at once, by the rules with which `UserDirectory` finds a single one."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from teleport_client.model.user import User


def link_all(users: Iterable[User], trait: str, emails: Mapping[str, str]) -> Mapping[str, User]:
    """Return the linked users by Slack ID, without bots and locked users.

    `emails` are the confirmed addresses by Slack ID, empty if addresses don't link users.
    """
    everyone = tuple(users)
    explicit = [
        (value, user)
        for user in everyone
        for value in dict.fromkeys(user.traits.get(trait, ()))
        if value
    ]
    often = Counter(slack_user_id for slack_user_id, _ in explicit)
    linked = {each: user for each, user in explicit if often[each] == 1}
    matched = _match(everyone, {each: email for each, email in emails.items() if each not in often})
    linked |= {each: user for each, user in matched.items() if not any(user.traits.get(trait, ()))}
    return {each: user for each, user in linked.items() if not user.bot and not user.locked}


def _match(users: Iterable[User], emails: Mapping[str, str]) -> Mapping[str, User]:
    """Return the users named like an address, regardless of case if only one user matches."""
    if not emails:
        return {}
    by_name: dict[str, list[User]] = defaultdict(list)
    for user in users:
        by_name[user.name.casefold()].append(user)
    matched: dict[str, User] = {}
    for slack_user_id, email in emails.items():
        named = by_name.get(email.casefold(), [])
        exact = [user for user in named if user.name == email]
        if exact or len(named) == 1:
            matched[slack_user_id] = (exact or named)[0]
    return matched
