"""docs/commands.md lists every part of `tsh request` and `tctl requests` of Teleport 17."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PARTS = json.loads((Path(__file__).parent / "tsh_and_tctl_17.json").read_text())
"""Arguments and flags by command, from the help of the programs. The flags of all commands of a
group belong to the group."""
REASONS = ("*local to the terminal*", "*reserved for administrators*", "*typed only*")
_CODE = re.compile(r"`([^`]+)`")
_TEST = re.compile(r"def (test_\w+)\(")


def rows() -> Iterator[list[str]]:
    table = (ROOT / "docs/commands.md").read_text().split("| tsh or tctl |")[1]
    for line in table.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def test_every_command_argument_and_flag_is_listed_once() -> None:
    listed: defaultdict[str, list[str]] = defaultdict(list)
    command = ""
    for parts, _, _ in rows():
        for part in _CODE.findall(parts):
            if part.startswith("t"):
                command = part
                assert command not in listed
                listed[command] = []
            else:
                listed[command].append(part)
    assert {name: sorted(parts) for name, parts in listed.items()} == {
        name: sorted(parts) for name, parts in PARTS.items()
    }


def test_every_part_has_a_test_or_a_reason() -> None:
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in _TEST.findall(path.read_text())
    }
    for parts, equivalent, tested in rows():
        named = _CODE.findall(tested)
        assert named or any(reason in equivalent for reason in REASONS), parts
        assert set(named) <= tests, parts
