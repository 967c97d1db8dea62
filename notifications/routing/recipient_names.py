"""The forms of recipients in the settings, and the addresses that Slack accepts for messages.

`chat.postMessage` accepts a conversation's ID, `#` and a channel's name, or a user's ID, each with
the scope chat:write alone (docs.slack.dev/reference/methods/chat.postMessage). Its response
contains the conversation's ID.
"""

import re

from workspace.slack_ids import is_conversation_id, is_user_id

_OTHER_ID = re.compile(r"[A-Z][A-Z0-9]{8,}")
_LINK = re.compile(
    r"https://(?:[\w.-]+\.slack\.com/(?:archives|team)|app\.slack\.com/client/T\w+)/(?P<id>\w+)\S*"
)
_MENTION = re.compile(r"<[#@](?P<id>[A-Z0-9]+)(?:\|[^>]*)?>")
_EMAIL = re.compile(r"""[^\s<>"@]+@[^\s<>"@]+""")
_USER_NAME = re.compile(r"""@[^\s<>"@#:/]+""")
_CHANNEL_NAME = re.compile(r"""[^\s<>\[\]{}"'=*@#:/.,!?|]{1,80}""")
"""Slack takes letters of any script, digits, hyphens and underscores."""
_EVERYONE = frozenset({"@here", "@channel", "@everyone"})
_WAYS = (
    "write a channel's name or ID, a channel's link, a user's ID, @ and a user's name, or an email"
    " address"
)


def parse_recipient(text: str) -> str:
    """Return a recipient in the form that Slack or a lookup takes. Raises ValueError.

    That is a conversation's ID, a user's ID, `@name`, an email address, or a channel's name without
    `#` in lower case.
    """
    link = _LINK.fullmatch(text) or _MENTION.fullmatch(text)
    name = link["id"] if link else text
    if is_conversation_id(name) or is_user_id(name):
        return name
    if name in _EVERYONE:
        raise ValueError(f"{text} mentions a whole channel: {_WAYS}")
    if link or _OTHER_ID.fullmatch(name) or name.startswith("<!"):
        kind = (
            "a user group"
            if name.startswith(("S", "<!subteam"))
            else "neither a channel nor a user"
        )
        raise ValueError(f"{text} is {kind}, which can't get messages: {_WAYS}")
    if is_user_name(name) and _USER_NAME.fullmatch(name):
        return name
    if is_email(name) and _EMAIL.fullmatch(name):
        return name
    channel = name.removeprefix("#").lower()
    if _CHANNEL_NAME.fullmatch(channel):
        return channel
    raise ValueError(f"{text} isn't a recipient: {_WAYS}")


def is_user_name(text: str) -> bool:
    return text.startswith("@")


def is_email(text: str) -> bool:
    return "@" in text[1:]
