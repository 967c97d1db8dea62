"""Draws blocks of Slack as text, in the order in which a user reads them.

`«»` marks what Slack converts: times in the reader's zone, and links. A long run of the same
letter, and equal rows of a list, are counted instead of repeated.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from slack_sdk.models.views import View

from workspace.views.parts.message import Message

Json = dict[str, Any]

_RUN = re.compile(r"(.)\1{19,}")
_DATE = re.compile(r"<!date\^\d+\^([^|>]*)\|([^>]*)>")
_LINK = re.compile(r"<https://[^|>]*\|([^>]*)>")
_DIVIDER = "\n---\n"
_SHOWN_OPTIONS = 8


def draw_message(message: Message) -> str:
    """Return the blocks, and the text of the notification below them."""
    arguments = message.arguments()
    return _tidy(_blocks(arguments["blocks"]), "(notification)", arguments["text"])


def draw_view(view: View) -> str:
    """Return a modal or a Home tab."""
    json = view.to_dict()
    title = f"## {_words(json['title'])}" if "title" in json else ""
    buttons = " ".join(f"[{_words(json[name])}]" for name in ("submit", "close") if name in json)
    return _tidy(title, _blocks(json["blocks"]), buttons)


def _tidy(*parts: str) -> str:
    text = "\n".join(part for part in parts if part)
    return _RUN.sub(lambda run: f"{run[1]}×{len(run[0])}", text)


def _blocks(blocks: list[Json]) -> str:
    """Draw each block. Dividers separate the rows of a list."""
    lines = [line for block in blocks for line in _BLOCKS[block["type"]](block)]
    rows = "\n".join(lines).split(_DIVIDER)
    return _DIVIDER.join(_counted(row, len(list(equal))) for row, equal in groupby(rows))


def _counted(row: str, count: int) -> str:
    return row if count == 1 else f"{row}\n(the same {count} times)"


def _section(block: Json) -> Iterator[str]:
    texts = [*([block["text"]] if "text" in block else []), *block.get("fields", [])]
    yield from (_words(text).replace("\n", ": ") for text in texts)
    if "accessory" in block:
        yield _element(block["accessory"])


def _actions(block: Json) -> Iterator[str]:
    yield from map(_element, block["elements"])


def _input(block: Json) -> Iterator[str]:
    optional = " (optional)" if block.get("optional") else ""
    yield f"{_words(block['label'])}{optional}: {_element(block['element'])}"
    if "hint" in block:
        yield f"    {_words(block['hint'])}"


def _context(block: Json) -> Iterator[str]:
    yield f"({' '.join(map(_words, block['elements']))})"


def _rich_text(block: Json) -> Iterator[str]:
    for part in block["elements"]:
        match part["type"]:
            case "rich_text_list":
                yield from (f"• {_parts(item)}" for item in part["elements"])
            case "rich_text_quote":
                yield "> " + _parts(part).replace("\n", "\n> ")
            case "rich_text_preformatted":
                yield "    " + _parts(part).replace("\n", "\n    ")
            case _:
                yield _parts(part)


def _parts(element: Json) -> str:
    return "".join(map(_part, element["elements"])).strip("\n")


def _part(part: Json) -> str:
    words: str = part.get("text") or part.get("fallback") or part.get("url", "")
    if part["type"] in {"link", "date"}:
        return f"«{words}»"
    for style, mark in (("bold", "*"), ("strike", "~"), ("code", "`"), ("italic", "_")):
        if part.get("style", {}).get(style):
            words = f"{mark}{words}{mark}"
    return words


def _element(element: Json) -> str:
    if element["type"] == "button":
        return _button(element)
    return f"{{{element['type']}}}" + "".join(_menu(element))


def _button(button: Json) -> str:
    name = f"[{_words(button['text'])}]"
    return f"{name} → {_dialog(button['confirm'])}" if "confirm" in button else name


def _dialog(confirm: Json) -> str:
    answers = f"[{_words(confirm['confirm'])}] [{_words(confirm['deny'])}]"
    return f"“{_words(confirm['title'])}” {_words(confirm['text'])} {answers}"


def _menu(element: Json) -> Iterator[str]:
    """Yield the placeholder, the options and the initial value of an input."""
    if "placeholder" in element:
        yield f" {_words(element['placeholder'])}"
    options = element.get("options", [])
    for option in options[:_SHOWN_OPTIONS]:
        yield f" | {_option(option)}"
    if len(options) > _SHOWN_OPTIONS:
        yield f" | and {len(options) - _SHOWN_OPTIONS} more"
    initial = element.get("initial_options", [element.get("initial_option")])
    if chosen := [_option(option) for option in initial if option]:
        yield f" = {', '.join(chosen)}"
    if "initial_value" in element:
        yield f" = {element['initial_value']}"


def _option(option: Json) -> str:
    words = _words(option["text"])
    return f"{words} ({_words(option['description'])})" if "description" in option else words


def _words(text: Any) -> str:
    words = text if isinstance(text, str) else str(text["text"])
    if isinstance(text, str) or text["type"] != "mrkdwn":
        return words
    return _LINK.sub(r"«\1»", _DATE.sub(_date, words))


def _date(found: re.Match[str]) -> str:
    return f"«{found[2]}{', as time ago' if 'ago' in found[1] else ''}»"


_BLOCKS: dict[str, Callable[[Json], Iterator[str]]] = {
    "header": lambda block: iter([f"# {_words(block['text'])}"]),
    "divider": lambda _: iter([_DIVIDER.strip()]),
    "section": _section,
    "actions": _actions,
    "context": _context,
    "input": _input,
    "rich_text": _rich_text,
}
