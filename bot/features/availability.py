"""Which features can work now, from the bot's Teleport roles and the scopes of its token.

This is the one place that decides it; code that needs a feature asks here. A feature that lacks a
permission or a scope is disabled, and no other feature with it. Each change is logged once.

- Roles can change while the bot runs: `own_roles` reads them again at intervals and after each
  reload of the identity. Unreadable roles disable nothing, since Teleport's response to the call
  itself decides then.
- Scopes stay those of the startup. The address of a DM or channel depends on them, and all replicas
  have to use the same one.
- A permission only adds a reason not to try. Checks that protect a decision, such as locks and
  roles of the acting user, still read Teleport each time and reject the action if they can't.
- The lease isn't decided here: a denied lease must be seen as denied by Teleport, several times,
  before a replica may lead without one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.features.feature import Choices, Feature, Rule
from bot.features.role_hint import role_hint
from bot.features.table import FEATURES, REVIEWS_BY_OVERRIDE, REVIEWS_ON_BEHALF
from teleport_client.model.user import Role
from teleport_client.rules.access_rules import has_verb, is_denied, verbs_missing_for_requests
from workspace.requests.review_policy import ReviewMode

_REVIEW_MODES = {
    REVIEWS_ON_BEHALF: ReviewMode.PERSON,
    REVIEWS_BY_OVERRIDE: ReviewMode.OVERRIDE,
}

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a feature lacks. Falsy if it lacks nothing."""

    permissions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.permissions or self.scopes)

    @property
    def reason(self) -> str:
        lacks = []
        if self.permissions:
            lacks.append(f"the bot's role lacks {', '.join(self.permissions)}")
        if self.scopes:
            lacks.append(f"the bot token lacks {', '.join(self.scopes)}")
        return " and ".join(lacks)


class Availability:
    """`roles` are the bot's own ones, None if they can't be read."""

    def __init__(
        self, choices: Choices, *, roles: Sequence[Role] | None, scopes: frozenset[str]
    ) -> None:
        self._choices = choices
        self._roles = roles
        self._scopes = scopes
        self._logged: dict[str, Missing] = {}

    @property
    def scopes(self) -> frozenset[str]:
        """Scopes of the available features."""
        return frozenset(
            scope.name
            for feature in FEATURES
            if not self.missing(feature).scopes
            for scope in feature.scopes
        )

    @property
    def hides_requests(self) -> bool:
        """Return whether Teleport hides access requests from the bot, instead of denying calls."""
        return self._roles is not None and bool(verbs_missing_for_requests(self._roles))

    def is_available(self, feature: Feature) -> bool:
        return not self.missing(feature)

    def is_offered(self, feature: Feature) -> bool:
        """Return whether the settings turn the feature on, and it can work."""
        return feature.is_on(self._choices) and self.is_available(feature)

    def check(self, feature: Feature) -> Callable[[], bool]:
        """Return a function for code that asks about one feature."""
        return partial(self.is_available, feature)

    def missing(self, feature: Feature) -> Missing:
        permissions = missing_permissions(feature, self._choices, self._roles)
        return Missing(tuple(permissions), missing_scopes(feature, self._scopes))

    def role_hint(self, option: str = "") -> str:
        """Return which role to assign to the bot. `option` adds those of an opt-in feature."""
        return role_hint(self._granted_choices(), option)

    def update(self, roles: Sequence[Role]) -> None:
        """Take the current roles, and log the features that changed."""
        self._roles = roles
        self.log_changes()

    def log_changes(self) -> None:
        """Log each feature that is on and was disabled or enabled since the last call."""
        for feature in FEATURES:
            missing = self.missing(feature) if feature.is_on(self._choices) else Missing()
            if missing == self._logged.get(feature.name, Missing()):
                continue
            self._logged[feature.name] = missing
            if missing:
                self._log_disabled(feature, missing)
            else:
                log.info("feature_enabled", feature=feature.name)

    def _log_disabled(self, feature: Feature, missing: Missing) -> None:
        unasked = feature.opt_in and not feature.setting
        write = log.info if unasked else log.warning if feature.optional else log.error
        hint = self.role_hint(feature.role_option)
        hints = [hint] if missing.permissions else []
        if missing.scopes:
            hints.append(scope_hint(missing.scopes, opt_in=feature.opt_in))
        write(
            "feature_disabled",
            feature=feature.name,
            reason=missing.reason,
            effect=feature.without,
            hint=" ".join(hints),
        )

    def _granted_choices(self) -> Choices:
        """Return the choices with the review mode of the bot's role.

        Without approvers in the settings, for example, the mode is `notify` with any role. A hint
        must not take permissions away.
        """
        if self._choices.mode is not ReviewMode.NOTIFY or self._roles is None:
            return self._choices
        for feature, mode in _REVIEW_MODES.items():
            choices = replace(self._choices, mode=mode)
            if not [*missing_permissions(feature, choices, self._roles)]:
                return choices
        return self._choices


def missing_permissions(
    feature: Feature, choices: Choices, roles: Sequence[Role] | None
) -> Iterator[str]:
    """Yield the verbs and role fields that the roles lack. None as roles means unknown."""
    if roles is None:
        return
    for rule in feature.rules:
        for verb in rule.verbs:
            if not _allows(roles, rule, verb):
                yield f"{rule.resource}: {verb}"
    for field in feature.fields:
        if choices.mode in field.modes and not field.is_granted(roles):
            yield field.path


def missing_scopes(feature: Feature, scopes: frozenset[str]) -> tuple[str, ...]:
    return tuple(scope.name for scope in feature.scopes if scope.name not in scopes)


def scope_hint(scopes: Sequence[str], *, opt_in: bool = False) -> str:
    place = "OAuth & Permissions"
    if not opt_in:
        place += ", or the manifest that `teleport-chatops manifest` prints"
    return f"Add {', '.join(scopes)} to the app ({place}) and install it again."


def _allows(roles: Sequence[Role], rule: Rule, verb: str) -> bool:
    """Return whether a call can succeed. Teleport decides about a rule with a condition."""
    if rule.hides:
        return has_verb(roles, rule.resource, verb)
    return not is_denied(roles, rule.resource, verb)
