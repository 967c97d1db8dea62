"""The cache of rendered message bodies."""

from dataclasses import replace

import pytest

from sandbox.page.render.reader import Reader
from sandbox.page.rendered_bodies import RenderedBodies


def message(reader: Reader, text: str) -> dict[str, object]:
    return {"ts": f"{reader.now - 3600:.6f}", "user": "U0BOB00001", "text": text, "blocks": []}


def test_body_is_rendered_once_in_a_minute(reader: Reader) -> None:
    bodies, shown = RenderedBodies(), message(reader, "hello")
    first = bodies.body(reader, shown)
    assert bodies.body(replace(reader, now=reader.now + 59), shown) is first
    assert bodies.body(reader, message(reader, "edited")) != first


def test_relative_time_moves_on(reader: Reader) -> None:
    bodies = RenderedBodies()
    shown = message(reader, f"<!date^{reader.now - 3600:.0f}^{{ago}}|earlier>")
    first = bodies.body(reader, shown)
    assert bodies.body(replace(reader, now=reader.now + 7200), shown) != first


def test_relative_time_counts_from_now_not_from_the_minute(reader: Reader) -> None:
    late = replace(reader, now=reader.now + 40)
    shown = message(late, f"<!date^{late.now - 12:.0f}^requested {{ago}}|earlier>")
    assert "requested 12 seconds ago" in RenderedBodies().body(late, shown)


def test_broken_message_becomes_a_placeholder_and_a_line_on_stderr(
    reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = message(reader, "hello") | {"blocks": [{"type": "section", "text": {"type": "?"}}]}
    assert "can't show this message" in RenderedBodies().body(reader, broken)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"can't show message {broken['ts']}" in line
