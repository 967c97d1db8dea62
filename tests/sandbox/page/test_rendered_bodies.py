"""The cache of rendered message bodies."""

from dataclasses import replace

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
