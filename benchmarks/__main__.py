"""`python -m benchmarks [ROW...]`: measure, print a table and write JSON."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic

from benchmarks.row import Measurement, Row
from benchmarks.rows import ROWS

_NAME = 32
"""Width of the first column."""


def main() -> int:
    options = _options()
    chosen = [row for row in ROWS if not options.rows or row.name in options.rows]
    if unknown := set(options.rows) - {row.name for row in ROWS}:
        print(f"no row is called {', '.join(sorted(unknown))}")
        return 2
    folder = Path(mkdtemp(prefix="bench-"))
    print(f"{'row':{_NAME}}  {'ours':>12}  {'baseline':>12}  {'ratio':>7}  {'target':>7}")
    measured = [each for row in chosen for each in _measured(row, folder)]
    options.json.write_text(json.dumps([_as_json(each) for each in measured], indent=1) + "\n")
    print(f"written to {options.json}; logs of the bot in {folder}")
    return 0


def _measured(row: Row, folder: Path) -> Sequence[Measurement]:
    started = monotonic()
    own = folder / row.name
    own.mkdir()
    measured = asyncio.run(row.measure(own))
    for each in measured:
        print(_line(each), flush=True)
    print(f"    {row.name} took {monotonic() - started:.0f} s", flush=True)
    return measured


def _line(measured: Measurement) -> str:
    ours = f"{measured.ours:.2f} {measured.unit}"
    baseline = f"{measured.baseline:.2f} {measured.unit}"
    missed = "" if measured.met else "  missed"
    return (
        f"{measured.name:{_NAME}}  {ours:>12}  {baseline:>12}"
        f"  {measured.ratio:7.2f}  {measured.target:7.2f}{missed}"
    )


def _as_json(measured: Measurement) -> dict[str, object]:
    return {**asdict(measured), "ratio": measured.ratio, "met": measured.met}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(row.name for row in ROWS)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"these alone, of {names}")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where to write")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
