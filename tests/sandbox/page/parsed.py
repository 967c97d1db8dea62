"""Rendered HTML as the browser reads it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = ("br", "hr", "img", "input", "link", "meta")


@dataclass
class Parsed(HTMLParser):
    """The tags and the text of some HTML."""

    tags: set[str] = field(default_factory=set)
    text: str = ""
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    """Tag, name and value of each attribute."""
    _open: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, markup: str) -> "Parsed":
        """Parse the markup. Fails if elements aren't nested correctly."""
        parsed = cls()
        HTMLParser.__init__(parsed)
        parsed.feed(str(markup))
        parsed.close()
        assert not parsed._open, f"{parsed._open} aren't closed"
        return parsed

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute, in the order of the document."""
        return [value for _tag, attribute, value in self.attributes if attribute == name]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
