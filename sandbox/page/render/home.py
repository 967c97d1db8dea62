"""The app's Home tab."""

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.render.blocks import render_blocks
from sandbox.page.render.reader import Reader
from sandbox.page.render.surface import Surface
from sandbox.slack.wire import JsonObject


def render_home(reader: Reader, view: JsonObject | None) -> Markup:
    """Return the content of the Home tab. `view` is None before the app publishes one."""
    if view is None:
        return render("home.html", view_id=None)
    surface = Surface(reader, view["id"], view["state"]["values"], heading_level=4)
    return render("home.html", view_id=view["id"], blocks=render_blocks(surface, view["blocks"]))
