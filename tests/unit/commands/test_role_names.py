"""Roles in another case, or with wrong letters."""

import pytest

from commands.parsing.role_names import close_names, in_any_case

ROLES = ("staging", "prod", "Prod-EU", "a1", "dev")


@pytest.mark.parametrize(
    ("typed", "roles", "role"),
    [
        ("STAGING", ROLES, "staging"),
        ("prod-eu", ROLES, "Prod-EU"),
        ("PROD", ("prod", "Prod"), "PROD"),
        ("prod", ("prod", "Prod"), "prod"),
        ("STRASSE", ("straße",), "straße"),
        ("other", ROLES, "other"),
    ],
)
def test_role_is_found_in_any_case_if_only_one_fits(
    typed: str, roles: tuple[str, ...], role: str
) -> None:
    assert in_any_case(typed, roles) == role


@pytest.mark.parametrize(
    ("typed", "close"),
    [
        ("stagign", ("staging",)),
        ("Stagin", ("staging",)),
        ("stgng", ("staging",)),
        ("sgng", ()),
        ("prdo", ("prod",)),
        ("pr", ()),
        ("de", ("dev",)),
        ("production", ()),
        ("x" * 1000, ()),
    ],
)
def test_one_or_two_wrong_letters_are_close(typed: str, close: tuple[str, ...]) -> None:
    assert close_names(typed, ROLES) == close


def test_closest_role_is_first() -> None:
    assert close_names("stage-1a", ("stage-12", "stage-1", "other")) == ("stage-12", "stage-1")
