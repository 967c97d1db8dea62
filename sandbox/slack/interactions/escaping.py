"""Escaping of command text, for commands with `should_escape`.

See docs.slack.dev/interactivity/implementing-slash-commands and
docs.slack.dev/messaging/formatting-message-text.
"""

import re
from collections.abc import Callable

from sandbox.slack.workspace.state import Workspace

_TOKEN = re.compile(
    r"""
    <@(?P<user_id>[UW][A-Z0-9]+)(?:\|[^<>]*)?>
    | <\#(?P<channel_id>[CG][A-Z0-9]+)(?:\|[^<>]*)?>
    | (?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?'")\]}])
    | (?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?<![\w@])@(?P<broadcast>here|channel|everyone)(?![\w-])
    | (?<![\w@])@(?P<user>[\w-]+(?:\.[\w-]+)*)
    | (?<![\w&#])\#(?P<channel>[\w-]+)
    | (?P<domain>(?<![\w.@-])[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|dev)(?![\w.-])(?:/[^\s<>|]*)?)
    """,
    re.VERBOSE,
)
"""References in the typed text.

`<@ID>` and `<#ID>` are users and channels picked from Slack's menu. They can be unknown to the
workspace, such as a user of another workspace.
"""


def escape(workspace: Workspace, text: str) -> str:
    """Return the text as Slack sends it, with users, channels and links as references."""
    escaped, end = [], 0
    for match in _TOKEN.finditer(text):
        escaped += [_entities(text[end : match.start()]), _reference(workspace, match)]
        end = match.end()
    return "".join([*escaped, _entities(text[end:])])


def _reference(workspace: Workspace, match: re.Match[str]) -> str:
    """Return the reference, or the text itself if the workspace has no such name."""
    kind = str(match.lastgroup)
    return _REFERENCES[kind](workspace, match[kind]) or _entities(match[0])


def _user(workspace: Workspace, name: str) -> str | None:
    person = workspace.find_person(name)
    return None if person is None else f"<@{person.slack_user_id}|{person.name}>"


def _channel(workspace: Workspace, name: str) -> str | None:
    channel = workspace.conversation(name)
    if channel is None or not channel.kind.is_channel:
        return None
    return f"<#{channel.id}|{channel.name}>"


def _picked_user(workspace: Workspace, user_id: str) -> str:
    return _user(workspace, user_id) or f"<@{user_id}>"


def _picked_channel(workspace: Workspace, channel_id: str) -> str:
    return _channel(workspace, channel_id) or f"<#{channel_id}>"


def _url(_workspace: Workspace, url: str) -> str:
    return f"<{_entities(url)}>"


def _email(_workspace: Workspace, address: str) -> str:
    return f"<mailto:{address}|{address}>"


def _domain(_workspace: Workspace, domain: str) -> str:
    return f"<http://{_entities(domain)}|{_entities(domain)}>"


def _broadcast(_workspace: Workspace, word: str) -> str:
    return f"<!{word}>"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_REFERENCES: dict[str, Callable[[Workspace, str], str | None]] = {
    "user_id": _picked_user,
    "user": _user,
    "channel_id": _picked_channel,
    "channel": _channel,
    "url": _url,
    "email": _email,
    "domain": _domain,
    "broadcast": _broadcast,
}
