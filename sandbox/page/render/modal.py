"""A modal as a dialog."""

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.render.blocks import render_blocks
from sandbox.page.render.reader import Reader
from sandbox.page.render.surface import Surface, plain
from sandbox.slack.wire import JsonObject

_DEFAULT_CLOSE = "Cancel"


def render_modal(reader: Reader, view: JsonObject) -> Markup:
    """Return the dialog of a modal. It is closed: the page's script opens the top one."""
    surface = Surface(reader, view["id"], view["state"]["values"], heading_level=3)
    return render(
        "modal.html",
        view=view,
        owner=reader.person.real_name,
        app=reader.workspace.app.name,
        title=plain(view["title"]),
        submit=plain(view["submit"]) if view["submit"] else None,
        close=plain(view["close"]) if view["close"] else _DEFAULT_CLOSE,
        is_pushed=view["previous_view_id"] is not None,
        blocks=render_blocks(surface, view["blocks"]),
    )
