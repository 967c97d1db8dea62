"""The body of a message."""

from markupsafe import Markup

from sandbox.page.render.reader import Reader
from sandbox.slack.wire import JsonObject


def render_message(_reader: Reader, message: JsonObject) -> Markup:
    """Return the content of a message's article."""
    return Markup("<p>{}</p>").format(message["text"])
