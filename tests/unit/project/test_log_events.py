"""The lists of log events and metrics in docs/operations.md agree with the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bot.observe.metrics import PREFIX, Metrics
from workspace.conditions import Conditions

ROOT = Path(__file__).parents[3]
PACKAGES = ("bot", "commands", "notifications", "workspace", "teleport_client")
_ROW = re.compile(r"^\| `(?P<event>[a-z_]+)` \| (?P<fields>.*?) \|$", re.MULTILINE)
_METHOD = r"log\.(debug|info|warning|error|exception)"
_LOGGERS = re.compile(rf"{_METHOD}|write|_log_\w+|{_METHOD} if \w+ else {_METHOD}")
LIBRARY_EVENT = "library_log"
"""A processor in bot/observe/logs.py sets this name, without a call."""
_EVENT = re.compile(r"[a-z]+(_[a-z]+)+")


def find_log_calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield each event with the call that logs it."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _LOGGERS.fullmatch(ast.unparse(node.func)):
                    for each in ast.walk(node.args[0]) if node.args else ():
                        if isinstance(each, ast.Constant) and _EVENT.fullmatch(str(each.value)):
                            yield str(each.value), node


def read_documented_events() -> dict[str, set[str]]:
    _, _, text = (ROOT / "docs/operations.md").read_text().partition("## Log events")
    return {row["event"]: set(re.findall(r"`(\w+)`", row["fields"])) for row in _ROW.finditer(text)}


def test_every_log_event_is_documented() -> None:
    events = {event for event, _ in find_log_calls()} | {LIBRARY_EVENT}
    assert len(events) > 70
    assert set(read_documented_events()) == events


def test_every_field_of_a_log_event_is_documented() -> None:
    rows = read_documented_events()
    missing = {
        (event, keyword.arg)
        for event, call in find_log_calls()
        for keyword in call.keywords
        if keyword.arg and keyword.arg != "exc_info" and keyword.arg not in rows[event]
    }
    assert missing == set()


def test_every_metric_is_documented() -> None:
    text, _, _ = (ROOT / "docs/operations.md").read_text().partition("## Component conditions")
    gauges = re.findall(r'gauge\(\s*"([a-z_]+)"', (ROOT / "bot/reporting.py").read_text())
    names = {f"{PREFIX}_{gauge}" for gauge in gauges}
    metrics = Metrics()
    metrics.expose(Conditions())
    for metric in metrics.registry.collect():
        counter = metric.type == "counter"
        names.add(f"{metric.name}_total" if counter else metric.name)
    assert {row["event"] for row in _ROW.finditer(text)} == names
