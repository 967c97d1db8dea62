"""Inline parts that mrkdwn and rich text share: links, mentions and dates."""

from markupsafe import Markup

from sandbox.page.render.dates import format_date, iso_date
from sandbox.page.render.reader import Reader

_SCHEMES = ("http://", "https://", "mailto:")
_LINK = Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>')
_TIME = Markup('<time datetime="{}" title="{}">{}</time>')
_MENTION = Markup('<span class="mention {}" title="{}">{}</span>')
_FULL_DATE = "{date_long} {time}"


def link(address: str, label: str | Markup) -> Markup | None:
    """Return a link, or None for a scheme that Slack doesn't link."""
    if not address.lower().startswith(_SCHEMES):
        return None
    return _LINK.format(address, label)


def person_mention(reader: Reader, slack_user_id: str) -> Markup:
    """Return a mention, which notifies the user."""
    name = reader.person_name(slack_user_id)
    kind = "mention-self" if slack_user_id == reader.person.slack_user_id else "mention-person"
    return _MENTION.format(kind, f"This mention notifies {name}.", f"@{name}")


def group_mention(name: str) -> Markup:
    return _MENTION.format(
        "mention-group", "This mention notifies the members of the group.", f"@{name}"
    )


def broadcast(name: str) -> Markup:
    """Return a mention such as `@here`, which notifies the whole channel."""
    return _MENTION.format(
        "mention-broadcast", "This mention notifies the whole channel.", f"@{name}"
    )


def channel_link(name: str) -> Markup:
    return _MENTION.format("mention-channel", f"This is a link to the channel {name}.", f"#{name}")


def date(reader: Reader, timestamp: int, template: str, fallback: str, address: str = "") -> Markup:
    """Return a date in the reader's zone, with the full date as a tooltip."""
    shown = format_date(reader, timestamp, template, fallback)
    full = f"{format_date(reader, timestamp, _FULL_DATE, fallback)} ({reader.person.timezone})"
    time = _TIME.format(iso_date(timestamp), full, shown)
    return link(address, time) or time
