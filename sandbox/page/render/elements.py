"""Buttons, menus and inputs as HTML."""

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.render.fields import Field
from sandbox.page.render.surface import Surface, plain
from sandbox.slack.block_kit.inputs import is_stateful
from sandbox.slack.wire import JsonObject

_STATELESS = ("button", "overflow", "feedback_buttons", "icon_button", "image")


def render_element(surface: Surface, block: JsonObject, element: JsonObject) -> Markup:
    """Return one element. An unknown element becomes a placeholder with its type."""
    values = {
        "surface": surface,
        "block": block,
        "element": element,
        "plain": plain,
        "is_link": _is_link,
    }
    if is_stateful(element):
        field = Field(surface, block, element)
        return render(f"elements/{field.template}.html", field=field, **values)
    name = element["type"] if element["type"] in _STATELESS else "unknown"
    return render(f"elements/{name}.html", **values)


def _is_link(element: JsonObject) -> bool:
    """Return whether a button or an option opens a web address."""
    return str(element.get("url", "")).lower().startswith(("http://", "https://"))
