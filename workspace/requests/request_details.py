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
    """Reason for a permission to decide a request. Names and conditions are untrusted texts."""

    roles: tuple[str, ...] = ()
    """Roles of the user, empty if the settings name the user."""
    conditions: tuple[str, ...] = ()
    """Predicates of the roles that only Teleport can evaluate."""
    by_traits: bool = False
    """Whether it depends on the user's traits in a way that only Teleport knows."""
    by_settings: bool = False
    """Whether the bot's settings make the user an approver."""


@dataclass(frozen=True, slots=True)
class Deciders:
    """Users with the same grounds that can still decide a request."""

    names: tuple[str, ...]
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class RequestDetails:
    request: AccessRequest
    roles: tuple[DetailedRole, ...] = ()
    deciders: tuple[Deciders, ...] | None = ()
    """None if the bot can't read Teleport's users."""
