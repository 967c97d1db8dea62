"""A modal as a dialog."""

from markupsafe import Markup

from sandbox.page.render.reader import Reader
from sandbox.slack.wire import JsonObject


def render_modal(_reader: Reader, view: JsonObject) -> Markup:
    """Return the dialog of a modal."""
    return Markup('<dialog class="modal" data-key="{0}" data-version="{1}"></dialog>').format(
        view["id"], view["hash"]
    )
