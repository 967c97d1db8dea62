"""The feature table is complete, and a missing permission or scope disables only its features."""

from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from bot.features.availability import Availability
from bot.features.feature import Choices, Feature
from bot.features.table import (
    CREATE_REQUESTS,
    FEATURES,
    HOST_NAMES,
    REQUEST_CARDS,
    RESOURCES,
    REVIEWS_BY_OVERRIDE,
    USER_CHECKS,
)
from bot.settings.names import dotted, keys
from bot.settings.settings import Settings
from bot.setup.doctor.permissions import PROBES
from bot.setup.manifest import manifest
from bot.setup.teleport_role import rules
from commands.slash_commands import COMMANDS
from teleport_client.model.user import Conditions, LabelSelector, ReviewConditions, Role, Rule
from workspace.requests.review_policy import ReviewMode

OPTIONS = frozenset(feature.role_option for feature in FEATURES if feature.role_option)
CHOICES = Choices(opt_in=OPTIONS)
SCOPES = frozenset(scope.name for feature in FEATURES for scope in feature.scopes)
REVIEW = ReviewConditions(submit_for=("*",), preview_as=("list-access-request-resources",))


def role(*allowed: Rule, deny: Iterable[Rule] = (), review: ReviewConditions = REVIEW) -> Role:
    selectors = {"windows_desktop": LabelSelector({"*": ("*",)})}
    return Role(
        "bot", Conditions(tuple(allowed), review, selectors=selectors), Conditions(tuple(deny))
    )


def printed_rules() -> list[Rule]:
    return [Rule((each.resource,), each.verbs) for each in rules(CHOICES)]


def without(resource: str, verb: str) -> Role:
    return role(
        *(
            Rule(rule.resources, tuple(each for each in rule.verbs if each != verb))
            if rule.resources == (resource,)
            else rule
            for rule in printed_rules()
        )
    )


def disabled(availability: Availability) -> set[str]:
    return {each.name for each in FEATURES if not availability.is_available(each)}


def of_mode(*names: str) -> set[str]:
    """Add the feature of the other mode, whose permission the printed role doesn't have."""
    return {REVIEWS_BY_OVERRIDE.name, *names}


def availability(own: Role | None, scopes: frozenset[str] = SCOPES) -> Availability:
    return Availability(CHOICES, roles=None if own is None else (own,), scopes=scopes)


def test_printed_role_and_all_scopes_enable_every_feature() -> None:
    assert disabled(availability(role(*printed_rules()))) == of_mode()


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_missing_scope_disables_only_its_features(scope: str) -> None:
    needing = {each.name for each in FEATURES if scope in {one.name for one in each.scopes}}
    found = availability(role(*printed_rules()), SCOPES - {scope})
    assert disabled(found) == of_mode(*needing)
    assert found.scopes == SCOPES - {scope}


@pytest.mark.parametrize(
    ("resource", "verb"), [(r.resource, verb) for r in rules(CHOICES) for verb in r.verbs]
)
def test_missing_verb_disables_only_its_features(resource: str, verb: str) -> None:
    needing = {
        feature.name
        for feature in FEATURES
        for rule in feature.rules
        if rule.resource == resource and verb in rule.verbs
    }
    assert needing
    assert disabled(availability(without(resource, verb))) == of_mode(*needing)


def test_missing_role_field_disables_only_its_feature() -> None:
    own = role(*printed_rules(), review=ReviewConditions(submit_for=("*",)))
    assert disabled(availability(own)) == of_mode(HOST_NAMES.name, RESOURCES.name)


def test_unreadable_roles_disable_nothing() -> None:
    """Teleport's response to each call decides then."""
    assert disabled(availability(None)) == set()


def test_conditional_rule_is_enough_unless_teleport_hides_objects() -> None:
    """Teleport evaluates the condition when the bot calls."""
    resources = tuple({each.resources[0] for each in printed_rules()})
    own = role(Rule(resources, ("*",), where="equals(user.metadata.name, resource.spec.user)"))
    assert disabled(availability(own)) == {REQUEST_CARDS.name}


def test_conditional_deny_rule_disables_nothing_by_itself() -> None:
    conditional = Rule(("lock",), ("read",), where="something")
    assert availability(role(*printed_rules(), deny=[conditional])).is_available(USER_CHECKS)
    denied = role(*printed_rules(), deny=[Rule(("lock",), ("read",))])
    assert availability(denied).missing(USER_CHECKS).permissions == ("lock: read",)


def test_change_of_a_feature_is_logged_once() -> None:
    found = availability(without("access_request", "create"), SCOPES - {"im:write"})
    with capture_logs() as log:
        for _ in range(2):
            found.log_changes()
        assert {entry["feature"]: entry["log_level"] for entry in log} == {
            "create_requests": "error",
            "dm_checks": "warning",
        }
        assert log[1]["reason"] == "the bot's role lacks access_request: create"
        assert log[1]["effect"] == CREATE_REQUESTS.without
        assert "`teleport-chatops teleport-role --mode person` prints" in log[1]["hint"]
        assert "Add im:write to the app" in log[0]["hint"]
        log.clear()
        for _ in range(2):
            found.update([role(*printed_rules())])
        assert [(entry["event"], entry["feature"]) for entry in log] == [
            ("feature_enabled", "create_requests")
        ]
        assert found.is_available(CREATE_REQUESTS)


@pytest.mark.parametrize(("verb", "mode"), [("update", "override"), ("watch", "notify")])
def test_hint_keeps_the_permissions_of_the_assigned_role(verb: str, mode: str) -> None:
    """Without approvers in the settings, the mode is notify with the role for override, too."""
    own = role(
        *[rule for rule in printed_rules() if rule.resources != ("access_request",)],
        Rule(("access_request",), ("list", "read", "create", verb)),
        review=ReviewConditions(),
    )
    with capture_logs() as log:
        Availability(Choices(mode=ReviewMode.NOTIFY), roles=(own,), scopes=SCOPES).log_changes()
    (hint,) = [each["hint"] for each in log if each["feature"] == "cancel_requests"]
    assert f"`teleport-chatops teleport-role --mode {mode} --cancel` prints" in hint


def test_feature_that_the_settings_turn_off_is_not_reported() -> None:
    choices = Choices(requests=False)
    own = without("access_request", "create")
    with capture_logs() as log:
        Availability(choices, roles=(own,), scopes=SCOPES).log_changes()
    assert log == []


def test_doctor_tries_every_verb_of_the_table() -> None:
    tried = {(probe.resource, verb) for probe in PROBES for verb in probe.verbs}
    needed = {
        (rule.resource, verb)
        for feature in FEATURES
        for rule in feature.rules
        for verb in rule.verbs
    }
    assert tried == needed


def test_table_has_every_slash_command_once() -> None:
    made = manifest()["features"]["slash_commands"]
    assert [each["command"] for each in made] == [command.name for command in COMMANDS]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda each: each.name)
def test_each_need_has_a_reason(feature: Feature) -> None:
    needs = (feature.rules, feature.fields, feature.scopes, feature.manifest)
    reasons = [need.reason for kind in needs for need in kind]
    assert reasons
    assert all(reasons)
    assert feature.summary
    assert feature.without


def test_settings_in_the_table_exist() -> None:
    named = {key for feature in FEATURES for key in feature.setting.split(", ") if key}
    assert named <= set(map(dotted, keys(Settings)))


def test_names_of_features_are_unique() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


@pytest.mark.parametrize("mode", ReviewMode)
def test_opt_in_features_are_optional(mode: ReviewMode) -> None:
    """Nothing that a mode needs is left out of the manifest."""
    on = [feature for feature in FEATURES if feature.is_on(Choices(mode=mode))]
    assert all(feature.optional for feature in on if feature.opt_in)
