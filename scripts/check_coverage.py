"""Check that the tests reach enough branches, and print the files with the most missed ones.

Reads coverage's JSON report from stdin. coverage's own limit counts statements and branches
together, so that many covered statements outweigh missed branches. This script applies the limit,
`fail_under` in pyproject.toml, to branches alone as well.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from coverage import Coverage

_SHOWN_FILES = 10
_SHOWN_LINES = 8


@dataclass(frozen=True, slots=True)
class Totals:
    """Percentages of all files."""

    branches: float
    combined: float
    """Statements and branches together."""

    def are_below(self, minimum: float) -> bool:
        return min(self.branches, self.combined) < minimum


def read_totals(report: dict[str, Any]) -> Totals:
    totals = report["totals"]
    return Totals(totals["percent_branches_covered"], totals["percent_covered"])


def rows(report: dict[str, Any]) -> list[str]:
    """Return a row for each of the files with the most missed branches, most first."""
    missed = sorted(
        ((len(file["missing_branches"]), path) for path, file in report["files"].items()),
        reverse=True,
    )
    return [_row(path, report["files"][path]) for count, path in missed[:_SHOWN_FILES] if count]


def _row(path: str, file: dict[str, Any]) -> str:
    missed = file["missing_branches"]
    lines = sorted({start for start, _ in missed})
    shown = ", ".join(map(str, lines[:_SHOWN_LINES])) + (", …" if lines[_SHOWN_LINES:] else "")
    percent = file["summary"]["percent_branches_covered"]
    return f"{percent:5.1f} %  {path}: {len(missed)} missed, from lines {shown}"


def main() -> None:
    report = json.load(sys.stdin)
    minimum = float(str(Coverage().get_option("report:fail_under")))
    totals = read_totals(report)
    print(*rows(report), sep="\n")
    print(f"{totals.branches:5.1f} %  of the branches; the minimum is {minimum:g} %")
    print(f"{totals.combined:5.1f} %  of statements and branches together")
    if totals.are_below(minimum):
        sys.exit("The tests reach too few branches.")


if __name__ == "__main__":
    main()
