"""Markup of the bot's own words: labels, times and links.

Slack parses mrkdwn, so these texts never contain names or reasons: a user could format or hide
text with them. `readable` is the reverse.
"""

import re
from datetime import datetime

from slack_sdk.models.blocks import MarkdownTextObject

from workspace.views.parts.moments import AGO, MOMENT, utc_text

_LINKABLE = re.compile(r"https?://[\w.~:/?#\[\]@!$'()+,;=%-]+", re.ASCII)
"""URLs that can't end a link early."""
_BOLD = re.compile(r"\*([^*]+)\*")
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<https?:[^|>]*\|[^>]*>")


def labeled_moment(label: str, when: datetime) -> MarkdownTextObject:
    """Return a time in the reader's zone, below its label."""
    return MarkdownTextObject(text=f"*{label}*\n{_date(when, MOMENT)}")


def moment(when: datetime, before: str = "") -> MarkdownTextObject:
    """Return a time in the reader's zone, after the words `before`."""
    return MarkdownTextObject(text=before + _date(when, MOMENT))


def ago(when: datetime, before: str = "") -> MarkdownTextObject:
    return MarkdownTextObject(text=before + _date(when, AGO))


def link(url: str, words: str, before: str = "") -> MarkdownTextObject | None:
    """Return a link, or None if the URL could be read as something else."""
    if not _LINKABLE.fullmatch(url):
        return None
    return MarkdownTextObject(text=f"{before}<{url}|{words}>")


def readable(mrkdwn: str) -> str:
    """Return the words without markup. Times are in UTC, and links are left out."""
    return _LINK.sub("", _DATE.sub(r"\1", _BOLD.sub(r"\1", mrkdwn)))


def _date(when: datetime, form: str) -> str:
    return f"<!date^{int(when.timestamp())}^{form}|{utc_text(when)}>"
