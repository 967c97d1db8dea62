"""Access of a role to resources, as far as labels alone determine it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.rules.resource_access import Target, gives_access
from sandbox.teleport.state.resources import label_values, role
from teleport_client._proto.types_pb2 import RoleConditions
from teleport_client.model.resource import KINDS, Resource
from teleport_client.model.user import Conditions, LabelSelector, Role
from teleport_client.rules.label_access import MayAccess, is_literal, may_access, search_roles
from teleport_client.services.roles import role_from

STAGING = Resource("node", "id", "staging-db", {"tier": "staging"})
SELECTORS = st.dictionaries(
    st.sampled_from(["*", "tier", "team"]),
    st.lists(st.sampled_from(["*", "staging", "st*", "^s.+g$", "prod"]), min_size=1, max_size=2),
    max_size=2,
)
LABELS = st.dictionaries(
    st.sampled_from(["tier", "team"]), st.sampled_from(["staging", "prod", ""]), max_size=2
)


def conditions(
    labels: Mapping[str, tuple[str, ...]] | None = None, expression: str = ""
) -> Conditions:
    return Conditions(selectors={"node": LabelSelector(labels or {}, expression)})


def allows(labels: Mapping[str, tuple[str, ...]] | None = None, expression: str = "") -> Role:
    return Role("r", conditions(labels, expression))


@given(SELECTORS, SELECTORS, LABELS, st.sampled_from(KINDS))
def test_labels_agree_with_the_stand_in(
    allow: dict[str, list[str]], deny: dict[str, list[str]], labels: dict[str, str], kind: str
) -> None:
    def selecting(selector: dict[str, list[str]]) -> RoleConditions:
        values = label_values(selector)
        return RoleConditions(
            NodeLabels=values, AppLabels=values, DatabaseLabels=values, KubernetesLabels=values,
            WindowsDesktopLabels=values,
        )  # fmt: skip

    message = role("r", selecting(allow), selecting(deny))
    expected = gives_access([message], Target(kind, "n", "n", labels))
    verdict = may_access(role_from(message), Resource(kind, "n", labels=labels))
    assert verdict is (MayAccess.YES if expected else MayAccess.NO)


def test_expression_is_a_possible_match() -> None:
    """Allow needs labels and expression, deny one of them."""
    assert may_access(allows(expression="true"), STAGING) is MayAccess.UNKNOWN
    assert may_access(allows({"tier": ("prod",)}, "true"), STAGING) is MayAccess.NO
    denied = Role("r", conditions({"*": ("*",)}), conditions(expression="true"))
    assert may_access(denied, STAGING) is MayAccess.UNKNOWN
    surely = Role("r", conditions({"*": ("*",)}), conditions({"tier": ("staging",)}, "true"))
    assert may_access(surely, STAGING) is MayAccess.NO


@pytest.mark.parametrize("value", ["{{external.tier}}", "{{internal.tier}}-1"])
def test_template_is_a_possible_match(value: str) -> None:
    assert may_access(allows({"tier": (value,)}), STAGING) is MayAccess.UNKNOWN
    assert may_access(allows({"other": (value,)}), STAGING) is MayAccess.NO


def test_invalid_pattern_selects_nothing() -> None:
    assert may_access(allows({"tier": ("^($",)}), STAGING) is MayAccess.NO


def test_denied_roles_are_not_searched() -> None:
    held = Role("h", Conditions(search_as=("staging", "prod")), Conditions(search_as=("prod",)))
    assert search_roles([held]) == {"staging"}


@pytest.mark.parametrize("name", ["*", "dev-*", "{{external.role}}"])
def test_patterns_name_no_role(name: str) -> None:
    assert is_literal("staging")
    assert not is_literal(name)
