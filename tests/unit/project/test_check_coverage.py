"""The coverage script applies the limit to branches alone, and names the files to test."""

import io
import json
from typing import Any

import pytest

from scripts.check_coverage import main, read_totals, rows


def report(*, combined: float = 99.0, **missed: list[int]) -> dict[str, Any]:
    """Return coverage's report on files of 100 branches each, with branches missed from lines."""
    count, lost = 100 * len(missed), sum(map(len, missed.values()))
    return {
        "totals": {
            "percent_covered": combined,
            "percent_branches_covered": 100 * (count - lost) / count,
        },
        "files": {
            f"{name}.py": {
                "summary": {"percent_branches_covered": 100 - len(lines)},
                "missing_branches": [[line, line + 1] for line in lines],
            }
            for name, lines in missed.items()
        },
    }


def test_file_with_the_most_missed_branches_comes_first() -> None:
    """A complete file isn't shown. Two branches from one line count twice."""
    assert rows(report(full=[], one=[7], two=[5, 5])) == [
        " 98.0 %  two.py: 2 missed, from lines 5",
        " 99.0 %  one.py: 1 missed, from lines 7",
    ]


def test_long_lists_of_lines_are_cut() -> None:
    (row,) = rows(report(many=list(range(1, 12))))
    assert row == " 89.0 %  many.py: 11 missed, from lines 1, 2, 3, 4, 5, 6, 7, 8, …"


@pytest.mark.parametrize(
    ("missed", "combined", "below"), [(5, 99.0, False), (6, 99.0, True), (5, 94.9, True)]
)
def test_branches_alone_and_everything_together_have_the_same_limit(
    missed: int, combined: float, below: bool
) -> None:
    totals = read_totals(report(combined=combined, a=list(range(missed))))
    assert totals.are_below(95) is below


@pytest.mark.parametrize(("missed", "fails"), [(0, False), (50, True)])
def test_limit_is_that_of_the_project(
    missed: int, fails: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(report(a=list(range(missed))))))
    ended = None
    try:
        main()
    except SystemExit as error:
        ended = error.code
    assert (ended is not None) is fails
    assert "the minimum is 95 %" in capsys.readouterr().out
