"""A feature, and its requirements for the Teleport role and the Slack app, with their reasons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from teleport_client.model.user import Role
from workspace.requests.review_policy import ReviewMode

ALL_MODES = frozenset(ReviewMode)


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings, or the options of `teleport-role`, that turn features on."""

    mode: ReviewMode = ReviewMode.PERSON
    """Review mode that the server supports and the settings select."""
    from_slack: bool = True
    """Whether an app token is set."""
    requests: bool = True
    email: bool = True
    """Whether the settings contain email addresses, or match users by them."""
    host_names: bool = True
    locks: bool = True
    opt_in: frozenset[str] = frozenset()
    """Options of `teleport-role` for opt-in features, such as `--cancel`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the bot's Teleport role."""

    resource: str
    verbs: tuple[str, ...]
    reason: str
    hides: bool = False
    """Whether Teleport hides objects instead of denying a call. A rule with a condition is then not
    enough, since the bot would miss objects without an error."""


@dataclass(frozen=True, slots=True)
class RoleField:
    """A field of the bot's Teleport role that isn't a rule."""

    path: str
    """Dotted path below `spec.allow`."""
    value: str
    """In YAML, on one line."""
    reason: str
    is_granted: Callable[[Sequence[Role]], bool]
    modes: frozenset[ReviewMode] = ALL_MODES
    """Review modes in which every server accepts this field."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope of the Slack bot token."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A part of the Slack app's manifest. Lists at the same path are joined."""

    path: tuple[str, ...]
    value: Mapping[str, object] | Sequence[Mapping[str, object]] | bool
    reason: str


def _always(_: Choices) -> bool:
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A row of the feature table. Features are compared by identity."""

    name: str
    """Stable name in the log and the documentation."""
    summary: str
    without: str
    """Effect if a permission or scope is missing."""
    setting: str = ""
    """Dotted keys of the settings that turn it on; empty if it is always on."""
    is_on: Callable[[Choices], bool] = _always
    optional: bool = False
    """Whether the bot's main work is complete without this feature."""
    opt_in: bool = False
    """Whether the operator adds the scopes or permissions. The printed manifest doesn't have the
    scopes, and the printed role has the permissions only with `role_option`."""
    role_option: str = ""
    """Option of `teleport-role` that adds the permissions of an opt-in feature."""
    rules: tuple[Rule, ...] = ()
    fields: tuple[RoleField, ...] = ()
    scopes: tuple[Scope, ...] = ()
    manifest: tuple[ManifestEntry, ...] = ()
