"""Rich text as HTML.

See docs.slack.dev/reference/block-kit/blocks/rich-text-block. Text is literal, and only its type
and style decide on the look.
"""

from collections.abc import Callable

from markupsafe import Markup, escape

from sandbox.page.render.emoji import emoji
from sandbox.page.render.inline import (
    broadcast,
    channel_link,
    date,
    group_mention,
    link,
    person_mention,
)
from sandbox.page.render.reader import Reader
from sandbox.slack.wire import Blocks, JsonObject

_STYLES = {
    "code": Markup("<code>{}</code>"),
    "underline": Markup("<u>{}</u>"),
    "strike": Markup("<s>{}</s>"),
    "italic": Markup("<em>{}</em>"),
    "bold": Markup("<strong>{}</strong>"),
    "highlight": Markup("<mark>{}</mark>"),
}
_ITEM = Markup("<li>{}</li>")
_ORDERED = Markup('<ol class="indent-{}" start="{}">{}</ol>')
_BULLETS = Markup('<ul class="indent-{}">{}</ul>')


def render_rich_text(reader: Reader, block: JsonObject) -> Markup:
    """Return the elements of a rich text block, or of a table's cell."""
    return Markup().join(_PARTS[part["type"]](reader, part) for part in block["elements"])


def _leaves(reader: Reader, elements: Blocks) -> Markup:
    return Markup().join(_styled(reader, leaf) for leaf in elements)


def _styled(reader: Reader, leaf: JsonObject) -> Markup:
    rendered = _LEAVES[leaf["type"]](reader, leaf)
    style = leaf.get("style") or {}
    for name, template in _STYLES.items():
        if style.get(name):
            rendered = template.format(rendered)
    return rendered


def _list(reader: Reader, part: JsonObject) -> Markup:
    items = Markup().join(
        _ITEM.format(_leaves(reader, item["elements"])) for item in part["elements"]
    )
    indent = part.get("indent") or 0
    if part["style"] == "ordered":
        return _ORDERED.format(indent, (part.get("offset") or 0) + 1, items)
    return _BULLETS.format(indent, items)


def _enclosed(template: Markup) -> Callable[[Reader, JsonObject], Markup]:
    """Return a renderer that puts the leaves of a part into one element."""
    return lambda reader, part: template.format(_leaves(reader, part["elements"]))


_PARTS: dict[str, Callable[[Reader, JsonObject], Markup]] = {
    "rich_text_section": _enclosed(Markup('<p class="rich-section">{}</p>')),
    "rich_text_preformatted": _enclosed(Markup("<pre>{}</pre>")),
    "rich_text_quote": _enclosed(Markup("<blockquote>{}</blockquote>")),
    "rich_text_list": _list,
}


def _link(_reader: Reader, leaf: JsonObject) -> Markup:
    label = leaf.get("text") or leaf["url"]
    return link(leaf["url"], label) or escape(label)


def _date(reader: Reader, leaf: JsonObject) -> Markup:
    fallback, address = leaf.get("fallback") or "", leaf.get("url") or ""
    return date(reader, leaf["timestamp"], leaf["format"], fallback, address)


_LEAVES: dict[str, Callable[[Reader, JsonObject], Markup]] = {
    "text": lambda _reader, leaf: escape(leaf["text"]),
    "link": _link,
    "user": lambda reader, leaf: person_mention(reader, leaf["user_id"]),
    "usergroup": lambda _reader, leaf: group_mention(leaf["usergroup_id"]),
    "broadcast": lambda _reader, leaf: broadcast(leaf["range"]),
    "channel": lambda reader, leaf: channel_link(reader.channel_name(leaf["channel_id"])),
    "emoji": lambda _reader, leaf: escape(emoji(leaf["name"])),
    "date": _date,
    "color": lambda _reader, leaf: escape(leaf["value"]),
}
