"""The forms of Slack's IDs (docs.slack.dev/reference/objects: conversation and user objects)."""

import re

_CONVERSATION_ID = re.compile(r"[CGD][A-Z0-9]{8,}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{8,}")


def is_conversation_id(text: str) -> bool:
    """Return whether it is the ID of a channel or of direct messages."""
    return _CONVERSATION_ID.fullmatch(text) is not None


def is_user_id(text: str) -> bool:
    return _USER_ID.fullmatch(text) is not None
