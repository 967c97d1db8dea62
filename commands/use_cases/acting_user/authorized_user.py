"""The acting user, and the actions that the user's locks and deny rules forbid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from teleport_client.model.lock import Lock
from teleport_client.model.user import Role, StaticAccess
from teleport_client.rules.access_rules import Denial, can_list_requests, find_denial
from workspace.directory.user_directory import LinkedUser
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_line, safe_name

_MESSAGE_LENGTH = 200
"""Characters of a lock's message."""
_UNREADABLE = {
    "lock": ("whether you're locked in Teleport", "list and read on lock"),
    "user_login_state": ("your Teleport roles", "read on user_login_state"),
    "role": ("the rules of your Teleport roles", "read on role"),
}
"""By kind of resource: the unknown fact, and the permission that the bot lacks."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action of a user through the bot."""

    words: str
    """Completes "your role doesn't let you …"."""
    verbs: tuple[str, ...]
    """Verbs on access_request that the user needs: no role may deny one."""
    outcome: str = "Nothing changed."
    alternative: str = ""
    """Completes "ask a Teleport administrator to remove the lock"."""
    fresh: bool = False
    """Read everything again. Otherwise only locks are read again."""
    checked_by_teleport: bool = False
    """Teleport checks the user's own roles, so the bot goes on if it can't read their rules."""


LIST = Action("see access requests", ("list", "read"), outcome="")
FILL_IN_REQUEST = Action("request access", ("create",), outcome="Nothing was requested.")
CREATE = replace(FILL_IN_REQUEST, fresh=True)
FILL_IN_REVIEW = Action(
    "review access requests",
    ("list", "read"),
    alternative=", or ask another reviewer",
    checked_by_teleport=True,
)
REVIEW = replace(FILL_IN_REVIEW, fresh=True)
LOCK = Action("lock access", ("list", "read"), outcome="Nothing was locked.", fresh=True)
CANCEL = Action("cancel access requests", ("list", "read"), fresh=True)
OVERRIDE = replace(REVIEW, verbs=(*REVIEW.verbs, "update"), checked_by_teleport=False)


@dataclass(frozen=True, slots=True)
class AuthorizedUser:
    """The acting user, with the permissions and denials of the user's roles."""

    linked_user: LinkedUser
    held: frozenset[str]
    """Names of the roles held without an access request."""
    roles: tuple[Role, ...]
    """Definitions of these roles, without those that don't exist."""
    denying_roles: tuple[Role, ...]
    """Definitions of all roles with deny rules that count: held, assigned or granted at login."""
    static_access: StaticAccess | None
    """Roles and traits as Teleport has them. None if the bot isn't allowed to read them."""
    locks: tuple[Lock, ...]
    """Locks in force on the user or a role."""
    denials: Mapping[str, Denial]
    """Deny rules by verb on access_request, also of roles granted since the last login."""
    unreadable: frozenset[str]
    """Kinds of resource that the bot isn't allowed to read."""

    @property
    def name(self) -> str:
        return self.linked_user.name

    @property
    def lacks_definitions(self) -> bool:
        """Return whether a role doesn't exist, so that Teleport's checks of the roles fail."""
        return len(self.roles) < len(self.held)

    @property
    def sees_own_requests(self) -> bool:
        """Teleport shows a user's own requests unless a rule denies it."""
        return not self.denials.keys() & {"list", "read"}

    @property
    def sees_all_requests(self) -> bool:
        return can_list_requests(self.roles)


def ensure_allowed(user: AuthorizedUser, action: Action) -> None:
    """Raise UserError if the user can't do this in Teleport, or if the bot can't check it."""
    if user.locks:
        raise _lock_error(user, user.locks[0], action)
    # Teleport never checks the locks of the user, which also depend on the roles at login.
    excused = {"role"} if action.checked_by_teleport else set[str]()
    if unknown := user.unreadable - excused:
        raise _unchecked_error(min(unknown), action)
    for verb in action.verbs:
        if found := user.denials.get(verb):
            raise _denial_error(found, action)


def denials_of(roles: Iterable[Role]) -> Mapping[str, Denial]:
    """Return the deny rules by verb, for all verbs that an action needs."""
    held = tuple(roles)
    verbs = dict.fromkeys((*CREATE.verbs, *OVERRIDE.verbs))
    found = ((verb, find_denial(held, "access_request", verb)) for verb in verbs)
    return MappingProxyType({verb: rule for verb, rule in found if rule is not None})


def _lock_error(user: AuthorizedUser, lock: Lock, action: Action) -> UserError:
    by_name = lock.user == user.name
    name = f"Your Teleport user {safe_name(user.name)}" if by_name else "One of your Teleport roles"
    message = f" ({safe_line(lock.message, _MESSAGE_LENGTH)})" if lock.message else ""
    return _error(
        f"{name} is locked{message}.",
        action.outcome,
        f"Ask a Teleport administrator to remove the lock{action.alternative}.",
        reason="locked",
    )


def _unchecked_error(kind: str, action: Action) -> UserError:
    fact, permission = _UNREADABLE[kind]
    return _error(
        f"The bot can't check {fact}.",
        action.outcome,
        f"Ask its operator to add {permission} to the bot's role.",
        reason="user_not_checked",
    )


def _denial_error(rule: Denial, action: Action) -> UserError:
    role = safe_name(rule.role)
    if rule.conditional:
        return _error(
            f"Your Teleport role {role} has a deny rule with a condition that the bot can't"
            f" evaluate, so you can't {action.words} from Slack.",
            action.outcome,
            "Use tsh or the Teleport web UI.",
            reason="perhaps_denied",
        )
    return _error(
        f"Your Teleport role {role} doesn't let you {action.words}.",
        action.outcome,
        "Ask a Teleport administrator to change its deny rule.",
        reason="denied",
    )


def _error(*sentences: str, reason: str) -> UserError:
    return UserError(" ".join(filter(None, sentences)), reason=reason)
