"""The language of `where` in review conditions."""

from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.rules.predicates import holds as holds_in_the_stand_in
from teleport_client.rules.predicate import holds, variables

Known: TypeAlias = dict[str, Any]
FACTS: Known = {
    "reviewer.roles": ("dev", "reviewer"),
    "reviewer.traits": {"team": ("db", "web"), "level": ("1",)},
    "request.roles": ("prod",),
    "request.reason": "disk full",
    "request.system_annotations": {"team": ("db",)},
}


@pytest.mark.parametrize(
    ("predicate", "truth"),
    [
        ("", True),
        ("true", True),
        ('contains(reviewer.roles, "dev")', True),
        ('contains(reviewer.roles, "admin")', False),
        ('contains(reviewer.traits["team"], "db")', True),
        ('contains(reviewer.traits["floor"], "db")', False),
        ('contains(request.system_annotations[`team`], "db")', True),
        ('contains("dev", "dev")', True),
        ('contains(request.reason, "disk")', False),
        ('equals(request.reason, "disk full")', True),
        ('equals(reviewer.traits["team"], request.system_annotations["team"])', False),
        ('equals(reviewer.traits["none"], request.system_annotations["none"])', True),
        ("equals(reviewer.roles, reviewer.roles)", True),
        ('regexp.match(request.reason, "^disk .*$")', True),
        ('regexp.match(reviewer.roles, "rev*")', True),
        ('regexp.match(reviewer.roles, "vie")', False),
        ('request.reason == "disk full"', True),
        ('request.reason != "disk full"', False),
        ("1 == 1", True),
        ("0 != 2", True),
        ("!contains(reviewer.roles, `dev`)", False),
        ("!!contains(reviewer.roles, `dev`)", True),
        ('(1 == 1) && (request.reason == "x" || 2 == 2)', True),
        ("1 == 1 || 1 == 2 && 1 == 2", True),
        ("(1 == 1 || 1 == 2) && 1 == 2", False),
        ('\n1 == 1 &&\n  contains(\n request.roles,\n"prod")\n', True),
        (r'request.reason == "say \"\\x\""', False),
        # The right side isn't evaluated, so its pattern doesn't matter.
        ('1 == 2 && regexp.match(request.roles, "^($")', False),
        ('1 == 1 || regexp.match(request.roles, "^($")', True),
    ],
)
def test_predicates_hold_as_in_teleport(predicate: str, *, truth: bool) -> None:
    assert holds(predicate, FACTS) is truth


@pytest.mark.parametrize(
    "predicate",
    [
        " ",
        "nonsense",
        "true && true",
        "request.reason",
        '"text"',
        "1 == 1 ||",
        "1 == 1 && && 1 == 1",
        "(1 == 1",
        "1 == 1)",
        "1 == 1 1 == 1",
        "1 == 1\n&& 1 == 1",
        "1 == 1 // a comment",
        "1 == 01",
        "1 == 1.0",
        "1 == 1 == 1",
        "unknown(request.roles)",
        "contains(request.roles)",
        'contains(request.roles, "prod",)',
        "contains(request.roles, request.roles)",
        'contains(reviewer.traits, "x")',
        'contains(1, "x")',
        "equals(request.roles, request.reason)",
        "equals(1, 1)",
        "request.roles == request.roles",
        "request.reason == 1",
        "!request.reason",
        "1 == 1 && request.reason",
        'request.reason["x"] == "d"',
        "contains(reviewer.traits[request.reason], `x`)",
        "contains(reviewer.traits.team, `db`)",
        'contains(review.annotations["x"], "y")',
        "1 < 2",
        '"unfinished',
        r'request.reason == "\u0041"',
        "@",
        "1 == 1\0",
        'regexp.match(request.reason, "^($")',
        'regexp.match(request.roles, "^(?=x)$")',
        "(" * 100 + "1 == 1" + ")" * 100,
        " && ".join(["1 == 1"] * 2_000),
    ],
)
def test_other_predicates_are_left_to_teleport(predicate: str) -> None:
    """Teleport rejects most of them, and might understand the others."""
    assert holds(predicate, FACTS) is None


def test_unknown_value_counts_only_if_the_result_depends_on_it() -> None:
    unknown = FACTS | {"request.reason": None, "reviewer.traits": None}
    by_traits = 'contains(reviewer.traits["team"], "db")'
    assert holds(by_traits, unknown) is None
    assert holds(f"!{by_traits}", unknown) is None
    assert holds(f"{by_traits} || 1 == 1", unknown) is True
    assert holds(f"{by_traits} && 1 == 2", unknown) is False
    assert holds(f"{by_traits} && 1 == 1", unknown) is None
    assert holds('request.reason == "x"', unknown) is None
    assert holds('request.reason == "x" || regexp.match("a", "^($")', unknown) is None


def test_variables_of_a_predicate_are_known() -> None:
    assert variables('contains(reviewer.traits["a"], "b") && !(request.reason == "x")') == {
        "reviewer.traits",
        "request.reason",
    }
    assert variables("") == variables("nonsense") == variables("1 == 1") == frozenset()


words = st.sampled_from(["dev", "prod", "db", "disk full", 'a"b', "a\\b", ""])
literals = words.map(lambda word: word.replace("\\", "\\\\").replace('"', '\\"')).map('"{}"'.format)
lists = st.sampled_from(
    [
        "reviewer.roles",
        "request.roles",
        'reviewer.traits["team"]',
        "request.system_annotations[`team`]",
        'reviewer.traits["none"]',
    ]
)
texts = st.just("request.reason") | literals
atoms = st.one_of(
    st.builds("contains({}, {})".format, lists | texts, texts),
    st.builds("equals({}, {})".format, lists, lists),
    st.builds("equals({}, {})".format, texts, texts),
    st.builds("regexp.match({}, {})".format, lists | texts, st.sampled_from(['"d*"', "`^d.+$`"])),
    st.builds("{} {} {}".format, texts, st.sampled_from(["==", "!="]), texts),
    st.builds("{}=={}".format, st.integers(0, 3), st.integers(0, 3)),
)
predicates = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("!({})".format, inner),
        st.builds("({})".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||", "&&\n"]), inner),
    ),
    max_leaves=8,
)
strings = st.lists(words, max_size=3).map(tuple)
facts = st.fixed_dictionaries(
    {
        "reviewer.roles": strings,
        "reviewer.traits": st.fixed_dictionaries({"team": strings}),
        "request.roles": strings,
        "request.reason": words,
        "request.system_annotations": st.fixed_dictionaries({}, optional={"team": strings}),
    }
)


@given(predicates, facts)
def test_bot_and_stand_in_agree(predicate: str, known: Known) -> None:
    """They were written independently, from the same facts about Teleport."""
    assert holds(predicate, known) is holds_in_the_stand_in(predicate, known)


@given(predicates, facts, st.sets(st.sampled_from([*FACTS])))
def test_unknown_values_never_change_a_certain_result(
    predicate: str, known: Known, unknown: set[str]
) -> None:
    with_gaps = known | dict.fromkeys(unknown)
    assert holds(predicate, with_gaps) in {None, holds(predicate, known)}
    if variables(predicate).isdisjoint(unknown):
        assert holds(predicate, with_gaps) is holds(predicate, known)


chains = st.lists(st.tuples(st.sampled_from(["&&", "||"]), st.booleans()), min_size=1, max_size=6)


@given(st.booleans(), chains)
def test_and_binds_closer_than_or(first: bool, rest: list[tuple[str, bool]]) -> None:
    text, python = f"1 == {2 - first}", str(first)
    for sign, value in rest:
        text += f" {sign} 1 == {2 - value}"
        python += f" {'and' if sign == '&&' else 'or'} {value}"
    assert holds(text, FACTS) is eval(python)  # noqa: S307 - only names of booleans


tokens = st.sampled_from(
    [*'()[],"`!\n', "&&", "||", "==", "!=", "1", "equals", "contains", *FACTS, '"a"', ".", "x"]
)


@given(st.text(max_size=30) | st.lists(tokens, max_size=12).map("".join))
def test_any_text_has_a_result(text: str) -> None:
    assert holds(text, FACTS) in {True, False, None}
    assert variables(text) <= FACTS.keys()
