"""Run real bots with injected faults and compare Slack with Teleport: `python -m tests.chaos`.

The exit code is 1 if a request was lost, wrong or doubled.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.trial import Plan, Report, trial, with_history

_FEW = 0.1
"""Share of doubled or unseen requests that a passing seed can have."""


def main() -> int:
    options = _options()
    seeds = [options.seed] if options.seed is not None else range(1, options.seeds + 1)
    plan = Plan(
        requests=options.requests, replicas=options.replicas, seconds=options.seconds,
        settle=options.settle, faults=options.faults, factor=options.factor,
    )  # fmt: skip
    print(
        f"{plan.requests} requests, {plan.replicas} replicas, {plan.faults} faults within"
        f" {plan.seconds:g} s per seed; pace and lease {plan.factor:g} times the production speed"
    )
    reports = [_run(seed, plan) for seed in seeds]
    _print_faults(reports)
    _print_actions(reports)
    failed = [report for report in reports if _failed(report, plan)]
    for report in failed:
        print(f"rerun with: make chaos CHAOS='--seed {report.seed}'")
    print(f"{len(reports) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _run(seed: int, plan: Plan) -> Report:
    data = Path(mkdtemp(prefix=f"chaos-{seed}-"))
    report = asyncio.run(trial(seed, plan, data, history=with_history(seed)))
    found = report.comparison
    print(
        f"seed {seed:3}  history {'yes' if report.history else 'no ':3}  "
        f"requests {found.requests:4}  lost {len(found.lost)}  wrong {len(found.wrong)}  "
        f"doubled {len(found.doubled)}  unseen {len(found.unseen)}  "
        f"in {report.seconds:.0f} s  logs {data}",
        flush=True,
    )
    for kind in ("lost", "wrong", "doubled", "unseen"):
        for difference in getattr(found, kind):
            print(f"    {kind}: {difference}", flush=True)
    return report


def _failed(report: Report, plan: Plan) -> bool:
    """Return whether a seed failed.

    Without history, a few doubled messages are allowed. A seed with too few requests, or with too
    many unseen ones, fails because it proves nothing.
    """
    found = report.comparison
    few = found.requests * _FEW
    return bool(
        found.lost
        or found.wrong
        or len(found.doubled) > (0 if report.history else few)
        or len(found.unseen) > few
        or found.requests < plan.requests / 2
    )


def _print_faults(reports: Iterable[Report]) -> None:
    armed: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for report in reports:
        armed.update(report.armed)
        hits.update(report.hits)
    print("effective faults of the injected ones:")
    for name, count in sorted(armed.items()):
        print(f"    {hits[name]:6} of {count:6}  {name}")


def _print_actions(reports: Iterable[Report]) -> None:
    done: Counter[str] = Counter()
    for report in reports:
        done.update(report.actions)
    print("user actions:")
    for name, count in sorted(done.items()):
        print(f"    {count:6}  {name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds, from 1 on")
    parser.add_argument("--seed", type=int, help="run only this seed")
    parser.add_argument("--requests", type=int, default=200, help="requests per seed")
    parser.add_argument("--replicas", type=int, default=3, help="replicas of the bot")
    parser.add_argument("--seconds", type=float, default=25.0, help="seconds with faults")
    parser.add_argument(
        "--settle",
        type=float,
        default=90.0,
        help="most seconds from the last fault to the comparison",
    )
    parser.add_argument("--faults", type=int, default=40, help="faults per seed")
    parser.add_argument("--factor", type=float, default=10.0, help="acceleration of pace and lease")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
