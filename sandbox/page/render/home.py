"""The app's Home tab."""

from markupsafe import Markup

from sandbox.page.render.reader import Reader
from sandbox.slack.wire import JsonObject


def render_home(_reader: Reader, view: JsonObject | None) -> Markup:
    """Return the content of the Home tab. `view` is None before the app publishes one."""
    return Markup("<p>{}</p>").format("Empty" if view is None else view["type"])
