"""`make real-teleport` skips a test only if the server lacks a feature for it."""

import pytest

from tests.real_teleport.harness.not_applicable import (
    fail_unexpected_skip,
    not_applicable,
    reason_of,
    summary,
)


def skip_report(reason: str, name: str = "test_a") -> pytest.TestReport:
    """Return the report of a test that was skipped while it ran."""
    return pytest.TestReport(
        f"tests/real_teleport/test_x.py::{name}", ("", None, name), {}, "skipped",
        ("test_x.py", 1, f"Skipped: {reason}"), "call",
    )  # fmt: skip


def test_not_applicable_test_stays_skipped() -> None:
    with pytest.raises(pytest.skip.Exception) as skip:
        not_applicable("no thresholds")
    report = skip_report(str(skip.value))
    fail_unexpected_skip(report)
    assert report.skipped
    assert reason_of(report) == "no thresholds"


@pytest.mark.parametrize(
    "longrepr", [("test_x.py", 1, "Skipped: no tsh"), "expected to fail", None]
)
def test_other_skips_fail(longrepr: tuple[str, int, str] | str | None) -> None:
    """Cover also expected failures."""
    report = skip_report("")
    report.longrepr = longrepr
    fail_unexpected_skip(report)
    assert report.failed


def test_summary_lists_tests_by_reason() -> None:
    reports = [
        skip_report("not applicable: too old", "test_b"),
        skip_report("not applicable: no thresholds", "test_c"),
        skip_report("not applicable: too old", "test_a"),
    ]
    assert summary(reports) == [
        "no thresholds",
        "    test_c",
        "too old",
        "    test_a",
        "    test_b",
    ]
