"""The text of a command as the user typed it.

With `should_escape`, Slack escapes the control characters and replaces users, channels, groups and
links by references (docs.slack.dev: formatting message text, slash commands). Only the text of
commands is escaped: Slack sends the inputs of forms as they were typed.
"""

import re
from typing import Any

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile("|".join(_ENTITIES))
_TOKEN = re.compile(
    r"""
    (?P<user><@[UW][A-Z0-9]+(?:\|[^<>]*)?>)
    | <\#(?P<channel>[A-Z0-9]+)(?:\|(?P<channel_name>[^<>]*))?>
    | <!(?P<special>[a-z]+)(?:\^(?P<argument>[^<>|]*))?(?:\|(?P<fallback>[^<>]*))?>
    | <(?P<link>[a-z][a-z0-9+.-]*:[^<>|\s]+)(?:\|(?P<text>[^<>]*))?>
    | (?P<entity>&(?:amp|lt|gt);)
    """,
    re.VERBOSE,
)
_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|(?P<name>[^<>]*))?>")
_SCHEMES = ("https://", "http://", "mailto:", "tel:")


def unescape(text: str) -> str:
    """Return the text as typed, except that a user stays a mention `<@ID>` or `<@ID|name>`."""
    return _TOKEN.sub(_replace_token, mend_text(text))


def mend_text(text: str) -> str:
    """Replace half of a surrogate pair, which no call to Teleport could contain, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def mend_texts(thing: Any) -> Any:
    """Return JSON with `mend_text` of each value that is a text."""
    if isinstance(thing, str):
        return thing if thing.isascii() else mend_text(thing)
    if isinstance(thing, dict):
        return {name: mend_texts(each) for name, each in thing.items()}
    return [mend_texts(each) for each in thing] if isinstance(thing, list) else thing


def name_mentions(text: str) -> str:
    """Return readable text: each mention as `@name`, or `@ID` if Slack sends no name."""
    return _MENTION.sub(lambda mention: f"@{mention['name'] or mention['id']}", text)


def _replace_token(token: re.Match[str]) -> str:
    if token["user"]:
        return token["user"]
    if token["channel"]:
        return f"#{_unescape_entities(token['channel_name'] or token['channel'])}"
    if token["special"]:
        return _special(token)
    if token["link"]:
        return _link(_unescape_entities(token["link"]), _unescape_entities(token["text"] or ""))
    return _ENTITIES[token["entity"]]


def _special(token: re.Match[str]) -> str:
    """Return a group, a mention such as `@here`, or a date as its fallback text."""
    fallback = _unescape_entities(token["fallback"] or "")
    if token["special"] == "date":
        return fallback or token[0]
    name = fallback or (token["argument"] or "").partition("^")[0] or token["special"]
    return name if name.startswith("@") else f"@{name}"


def _link(address: str, text: str) -> str:
    """Return the typed text of a link that Slack made, and both parts of one that a user made."""
    if not text:
        for scheme in ("mailto:", "tel:"):
            address = address.removeprefix(scheme)
        return address
    if any(address.rstrip("/") == f"{scheme}{text}".rstrip("/") for scheme in ("", *_SCHEMES)):
        return text
    return f"{text} ({address})"


def _unescape_entities(text: str) -> str:
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], text)
