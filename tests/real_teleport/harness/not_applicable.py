"""Tests that a server doesn't support: listed with the reason, apart from accidental skips."""

from collections.abc import Sequence
from typing import NoReturn

import pytest

Report = pytest.TestReport | pytest.CollectReport

_PREFIX = "not applicable: "


def not_applicable(reason: str) -> NoReturn:
    """End a test that this edition or version cannot play."""
    pytest.skip(_PREFIX + reason)


def reason_of(report: Report) -> str | None:
    """Return why a test is not applicable, and None for a skip of another kind."""
    if not isinstance(report.longrepr, tuple):
        return None
    _, _, text = report.longrepr
    said = str(text).removeprefix("Skipped: ")
    return said.removeprefix(_PREFIX) if said.startswith(_PREFIX) else None


def fail_unexpected_skip(report: Report) -> None:
    """Turn a skip into a failure, unless it comes from `not_applicable`."""
    if report.skipped and reason_of(report) is None:
        report.outcome = "failed"
        report.longrepr = f"Only not_applicable may skip a test here: {report.longrepr}"


def summary(reports: Sequence[pytest.TestReport]) -> list[str]:
    """Return one line for each reason, and below it the tests."""
    by_reason: dict[str, list[str]] = {}
    for report in reports:
        name = report.nodeid.rpartition("::")[2]
        by_reason.setdefault(reason_of(report) or "", []).append(name)
    return [
        line
        for reason, names in sorted(by_reason.items())
        for line in (reason, *(f"    {name}" for name in sorted(names)))
    ]
