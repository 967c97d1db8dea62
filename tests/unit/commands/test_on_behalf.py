"""The readiness problem when Teleport rejects reviews on behalf of users."""

import pytest
import structlog

from commands.use_cases.on_behalf import OnBehalfHealth


def health(*, can_submit: bool) -> tuple[OnBehalfHealth, list[str]]:
    counted = list[str]()

    async def can_submit_on_behalf() -> bool:
        return can_submit

    return OnBehalfHealth(can_submit_on_behalf, lambda: counted.append("rejection")), counted


async def test_rejection_is_a_problem_if_the_role_lacks_the_permission() -> None:
    on_behalf, counted = health(can_submit=False)
    await on_behalf.record_rejection("access denied", "bob")
    assert on_behalf.problem == "Teleport rejects reviews from the bot: access denied"
    assert counted == ["rejection"]
    on_behalf.record_success()
    assert not on_behalf.problem


async def test_rejection_of_one_author_is_only_logged() -> None:
    on_behalf, counted = health(can_submit=True)
    with structlog.testing.capture_logs() as logged:
        await on_behalf.record_rejection("no reviews for bob", "bob")
    assert not on_behalf.problem
    assert counted == ["rejection"]
    (event,) = logged
    assert (event["event"], event["teleport_user"]) == ("on_behalf_review_rejected", "bob")


async def test_problem_ends_after_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr("commands.use_cases.on_behalf.monotonic", lambda: clock)
    on_behalf, _ = health(can_submit=False)
    await on_behalf.record_rejection("access denied", "bob")
    problems = []
    for seconds in (599, 1):
        clock += seconds
        problems.append(bool(on_behalf.problem))
    assert problems == [True, False]
