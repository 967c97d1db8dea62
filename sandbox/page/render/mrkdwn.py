"""Slack's markup for text, `mrkdwn`, as HTML.

See docs.slack.dev/messaging/formatting-message-text. Angle brackets enclose links, mentions and
dates, and only `&amp;`, `&lt;` and `&gt;` are escaped.
"""

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from markupsafe import Markup, escape

from sandbox.page.render.emoji import convert_emoji
from sandbox.page.render.inline import (
    broadcast,
    channel_link,
    date,
    group_mention,
    link,
    person_mention,
)
from sandbox.page.render.reader import Reader

_PRE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_QUOTE = re.compile(r"(?:&gt;|>) ?")
_QUOTED_REST = re.compile(r"^(?:&gt;|>){3} ?", re.MULTILINE)
_DATE = re.compile(r"!date\^(-?\d{1,15})\^([^^]+)(?:\^(.+))?", re.DOTALL)


def _pair(name: str, mark: str) -> str:
    """Return a pattern for text between two marks, which can contain whole entities."""
    inside = rf"(?:<[^<>\n]*>|[^<\n{mark}])+"
    return (
        rf"(?<![\w{mark}])[{mark}](?P<{name}>(?![\s{mark}]){inside}(?<!\s))[{mark}](?![\w{mark}])"
    )


_MARKED = (
    r"`(?P<code>[^`\n]+)`",
    r"<(?P<entity>[^<>\n]+)>",
    _pair("bold", "*"),
    _pair("italic", "_"),
    _pair("strike", "~"),
)
_AUTOMATIC = (
    r"(?P<url>\bhttps?://[^\s<>|]*[^\s<>|.,;:!?'\")\]}])",
    r"(?<![\w@])@(?P<broadcast>here|channel|everyone)\b",
    r"(?<![\w&#])\#(?P<channel>[\w-]+)",
)
_INLINE = re.compile("|".join((*_MARKED, *_AUTOMATIC)))
_INLINE_VERBATIM = re.compile("|".join(_MARKED))


def render_mrkdwn(reader: Reader, text: str, *, verbatim: bool = False) -> Markup:
    """Return the text as HTML.

    With `verbatim`, Slack links no addresses, channels and broadcasts that lack angle brackets.
    """
    pattern = _INLINE_VERBATIM if verbatim else _INLINE
    return Markup().join(_blocks(reader, text, pattern))


def unescape(text: str) -> str:
    """Return the text without Slack's escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _blocks(reader: Reader, text: str, pattern: re.Pattern[str]) -> Iterator[Markup]:
    """Yield preformatted blocks, and the parts between them."""
    end = 0
    for match in _PRE.finditer(text):
        yield from _quotes(reader, text[end : match.start()], pattern)
        yield Markup("<pre>{}</pre>").format(unescape(match[1]))
        end = match.end()
    yield from _quotes(reader, text[end:], pattern)


def _quotes(reader: Reader, text: str, pattern: re.Pattern[str]) -> Iterator[Markup]:
    """Yield quotes, and the text between them. `>>>` quotes the whole rest."""
    rest = _QUOTED_REST.search(text)
    before = text if rest is None else text[: rest.start()]
    lines = before.splitlines(keepends=True)
    for quoted, group in groupby(lines, lambda line: _QUOTE.match(line) is not None):
        if quoted:
            bare = "".join(_QUOTE.sub("", line, count=1) for line in group)
            yield _quote(reader, bare.removesuffix("\n"), pattern)
        else:
            yield _inline(reader, "".join(group), pattern)
    if rest is not None:
        yield _quote(reader, text[rest.end() :], pattern)


def _quote(reader: Reader, text: str, pattern: re.Pattern[str]) -> Markup:
    return Markup("<blockquote>{}</blockquote>").format(_inline(reader, text, pattern))


def _inline(reader: Reader, text: str, pattern: re.Pattern[str]) -> Markup:
    parts, end = [], 0
    for match in pattern.finditer(text):
        parts += [_literal(text[end : match.start()]), _marked(reader, match, pattern)]
        end = match.end()
    return Markup().join([*parts, _literal(text[end:])])


def _literal(text: str) -> Markup:
    return escape(convert_emoji(unescape(text)))


_NESTED = {
    "bold": Markup("<strong>{}</strong>"),
    "italic": Markup("<em>{}</em>"),
    "strike": Markup("<s>{}</s>"),
}


def _marked(reader: Reader, match: re.Match[str], pattern: re.Pattern[str]) -> Markup:
    kind = str(match.lastgroup)
    inside = match[kind]
    if kind in _NESTED:
        return _NESTED[kind].format(_inline(reader, inside, pattern))
    return _LEAVES[kind](reader, inside)


def _code(_reader: Reader, inside: str) -> Markup:
    return Markup("<code>{}</code>").format(unescape(inside))


def _url(_reader: Reader, inside: str) -> Markup:
    address = unescape(inside)
    return link(address, address) or escape(address)


def _channel(reader: Reader, name: str) -> Markup:
    known = reader.workspace.conversation(name) is not None
    return channel_link(name) if known else escape(f"#{name}")


def _entity(reader: Reader, inside: str) -> Markup:
    """Return a link, mention or date: the text between angle brackets."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return person_mention(reader, target[1:])
    if target.startswith("#"):
        return channel_link(unescape(label) or reader.channel_name(target[1:]))
    if target.startswith("!"):
        return _special(reader, target, label)
    address = unescape(target)
    shown = convert_emoji(unescape(label or target))
    return link(address, shown) or escape(f"<{unescape(inside)}>")


def _special(reader: Reader, target: str, label: str) -> Markup:
    if match := _DATE.fullmatch(target):
        timestamp, template, address = match.groups()
        return date(reader, int(timestamp), unescape(template), unescape(label), address or "")
    name = unescape(label or target[1:])
    if target.startswith("!subteam^"):
        return group_mention(name.removeprefix("subteam^").removeprefix("@"))
    return broadcast(name.removeprefix("@"))


_LEAVES: dict[str, Callable[[Reader, str], Markup]] = {
    "code": _code,
    "entity": _entity,
    "url": _url,
    "broadcast": lambda _reader, name: broadcast(name),
    "channel": _channel,
}
