"""Line numbers of the keys in a TOML file."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from bot.settings.names import Key


def key_lines(text: str) -> dict[Key, int]:
    """Return the line, counted from 1, of each key and section of a valid TOML file.

    tomllib returns no line numbers, so this parses one statement at a time: a line, plus the
    following lines until the statement is complete.
    """
    lines: dict[Key, int] = {}
    section: Key = ()
    statement, first = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        statement += f"{line}\n"
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        is_header = statement.lstrip().startswith("[")
        for key in _keys(parsed, () if is_header else section):
            lines.setdefault(key, first)
            section = key if is_header else section
        statement, first = "", number + 1
    return lines


def _keys(table: Mapping[str, Any], above: Key) -> Iterator[Key]:
    for name, value in table.items():
        key = (*above, name)
        yield key
        if isinstance(value, dict):
            yield from _keys(value, key)
