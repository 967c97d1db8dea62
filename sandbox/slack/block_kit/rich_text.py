"""Rich text: literal text with typed styles and mentions.

See docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from sandbox.slack.block_kit.schema import Choice, Flag, Items, Number, Object, Shape, String, Typed

_LONGEST = 12_000
_MANY = 1000


def _styles(*names: str) -> Shape:
    return Object({name: Flag() for name in names})


_TEXT_STYLE = _styles("bold", "italic", "strike", "code", "underline", "highlight")
_MENTION_STYLE = _styles("bold", "italic", "strike", "highlight", "client_highlight", "unlink")


def _kind(name: str, required: tuple[str, ...], /, **fields: Shape) -> dict[str, Shape]:
    return {name: Object({"type": Choice((name,)), **fields}, required)}


_LEAVES: dict[str, Shape] = {
    **_kind("text", ("text",), text=String(_LONGEST, 1), style=_TEXT_STYLE),
    **_kind(
        "link",
        ("url",),
        url=String(3000, 1),
        text=String(_LONGEST),
        unsafe=Flag(),
        style=_TEXT_STYLE,
    ),
    **_kind("user", ("user_id",), user_id=String(255), style=_MENTION_STYLE),
    **_kind("channel", ("channel_id",), channel_id=String(255), style=_MENTION_STYLE),
    **_kind("usergroup", ("usergroup_id",), usergroup_id=String(255), style=_MENTION_STYLE),
    **_kind("broadcast", ("range",), range=Choice(("here", "channel", "everyone"))),
    **_kind("emoji", ("name",), name=String(255), unicode=String(255)),
    **_kind(
        "date",
        ("timestamp", "format"),
        timestamp=Number(),
        format=String(255, 1),
        url=String(3000),
        fallback=String(255),
        style=_TEXT_STYLE,
    ),
    **_kind("color", ("value",), value=String(255)),
}
_ANY_LEAF = Items(Typed(_LEAVES), _MANY, least=0)
_CODE = Items(Typed({name: _LEAVES[name] for name in ("text", "link")}), _MANY, least=0)
_SECTION = _kind("rich_text_section", ("elements",), elements=_ANY_LEAF)

ELEMENT = Typed(
    {
        **_SECTION,
        **_kind(
            "rich_text_preformatted",
            ("elements",),
            elements=_CODE,
            border=Number(0, 1),
            language=String(255),
        ),
        **_kind("rich_text_quote", ("elements",), elements=_ANY_LEAF, border=Number(0, 1)),
        **_kind(
            "rich_text_list",
            ("style", "elements"),
            style=Choice(("bullet", "ordered")),
            elements=Items(Typed(_SECTION), _MANY, least=0),
            indent=Number(0, 8),
            offset=Number(),
            border=Number(0, 1),
        ),
    }
)
RICH_TEXT = Object(
    {"type": Choice(("rich_text",)), "block_id": String(255), "elements": Items(ELEMENT, _MANY)},
    ("elements",),
)
