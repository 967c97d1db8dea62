"""The language of `where` and `filter`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.rules.predicates import Variables, holds

VARIABLES: Variables = {
    "reviewer.roles": ("dev", "reviewer"),
    "reviewer.traits": {"team": ("db", "web")},
    "request.roles": ("prod",),
    "request.reason": "disk full",
    "request.system_annotations": {},
    "yes": True,
    "no": False,
}


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        ("", True),
        ("  ", True),
        ('contains(reviewer.roles, "dev")', True),
        ('contains(reviewer.roles, "admin")', False),
        ('contains(reviewer.traits["team"], "db")', True),
        ('contains(reviewer.traits["floor"], "db")', False),
        ('contains("dev", "dev")', True),
        ('equals(request.reason, "disk full")', True),
        ("equals(request.roles, reviewer.roles)", False),
        ('regexp.match(request.reason, "^disk .*$")', True),
        ('regexp.match(reviewer.roles, "rev*")', True),
        ('regexp.match(reviewer.roles, "vie")', False),
        ('request.reason == "disk full"', True),
        ('request.reason != "disk full"', False),
        ("1 == 1", True),
        ("1 != 2", True),
        ("!contains(reviewer.roles, `dev`)", False),
        ("!!yes", True),
        ("yes || no && no", True),
        ("(yes || no) && no", False),
        ("!no && !no", True),
        ('request.reason == "disk full" && contains(request.roles, "prod")', True),
        ('request.reason\n  == "disk full"', True),
        (r'equals("say \"x\"", "say \"x\"")', True),
    ],
)
def test_truth(expression: str, *, truth: bool) -> None:
    """The language, by example."""
    assert holds(expression, VARIABLES) is truth


@pytest.mark.parametrize(
    "expression",
    [
        "nonsense",
        "request.reason",
        '"text"',
        "yes ||",
        "yes && && yes",
        "(yes",
        "yes)",
        "yes no",
        "unknown(request.roles)",
        "contains(request.roles)",
        "contains(request.roles, request.roles)",
        'contains(1, "x")',
        "equals(request.roles, request.reason)",
        "equals(1, 1)",
        "yes == yes",
        "request.roles == request.roles",
        "request.reason == 1",
        "!request.reason",
        "yes && request.reason",
        'request.reason["x"]',
        "reviewer.traits[team]",
        "reviewer.traits",
        "1 < 2",
        '"unfinished',
        "@",
        'regexp.match(request.reason, "^($")',
    ],
)
def test_errors(expression: str) -> None:
    """Syntax outside the language, and a result that isn't a boolean, are errors."""
    with pytest.raises(BadParameter):
        holds(expression, VARIABLES)


boolean_trees = st.recursive(
    st.sampled_from([("yes", True), ("no", False)]),
    lambda inner: st.one_of(
        inner.map(lambda it: (f"!({it[0]})", not it[1])),
        st.tuples(inner, inner).map(
            lambda it: (f"({it[0][0]}) && ({it[1][0]})", it[0][1] and it[1][1])
        ),
        st.tuples(inner, inner).map(
            lambda it: (f"({it[0][0]}) || ({it[1][0]})", it[0][1] or it[1][1])
        ),
    ),
    max_leaves=12,
)


@given(tree=boolean_trees)
def test_operators_have_their_usual_meaning(tree: tuple[str, bool]) -> None:
    """Any nesting of and, or and not has the truth that it has in Python."""
    expression, truth = tree
    assert holds(expression, VARIABLES) is truth


@given(operands=st.lists(st.booleans(), min_size=1, max_size=6), ors=st.data())
def test_and_binds_closer_than_or(operands: list[bool], ors: st.DataObject) -> None:
    """Without parentheses a chain is read as Go reads it."""
    signs = [ors.draw(st.sampled_from(["&&", "||"])) for _ in operands[1:]]
    words = ["yes" if operand else "no" for operand in operands]
    text = words[0] + "".join(
        f" {sign} {word}" for sign, word in zip(signs, words[1:], strict=True)
    )
    truth = any(all(word == "yes" for word in part.split(" && ")) for part in text.split(" || "))
    assert holds(text, VARIABLES) is truth


@given(text=st.text(max_size=30))
def test_any_text_is_a_truth_or_an_error(text: str) -> None:
    """No text makes the parser raise another error."""
    try:
        holds(text, VARIABLES)
    except BadParameter:
        return


@given(value=st.text(max_size=20))
def test_text_survives_quoting(value: str) -> None:
    """A text put between quotes, with quotes and backslashes escaped, is that text."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert holds(f'equals(request.reason, "{escaped}")', {"request.reason": value})
