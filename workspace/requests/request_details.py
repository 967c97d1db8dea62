"""The details of a request that its card doesn't show."""

from dataclasses import dataclass

from teleport_client.model.access_request import AccessRequest


@dataclass(frozen=True, slots=True)
class DetailedRole:
    """A requested role."""

    name: str
    description: str = ""
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a user can decide a request. The names and conditions are untrusted texts."""

    roles: tuple[str, ...] = ()
    """Roles of the user, empty for a user whom the settings name."""
    conditions: tuple[str, ...] = ()
    """Predicates of the roles that only Teleport can evaluate."""
    by_traits: bool = False
    """Whether it depends on the user's traits in a way that only Teleport knows."""
    by_settings: bool = False
    """Whether the bot's settings make the user an approver."""


@dataclass(frozen=True, slots=True)
class Deciders:
    """Users who can still decide a request, for the same reason."""

    names: tuple[str, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class RequestDetails:
    request: AccessRequest
    roles: tuple[DetailedRole, ...] = ()
    deciders: tuple[Deciders, ...] | None = ()
    """None if the bot can't read Teleport's users."""
