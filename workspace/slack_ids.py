"""Slack's IDs (docs.slack.dev/reference/objects: conversation and user objects), and links."""

import re

_CONVERSATION_ID = re.compile(r"[CGD][A-Z0-9]{8,}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{8,}")


def is_conversation_id(text: str) -> bool:
    """Return whether it is the ID of a channel or of direct messages."""
    return _CONVERSATION_ID.fullmatch(text) is not None


def is_user_id(text: str) -> bool:
    return _USER_ID.fullmatch(text) is not None


def message_link(workspace_url: str, channel: str, ts: str, thread_ts: str = "") -> str:
    """Return the link that Slack's clients copy for a message. `thread_ts` is that of a reply."""
    link = f"{workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    is_reply = thread_ts not in {"", ts}
    return f"{link}?thread_ts={thread_ts}&cid={channel}" if is_reply else link
