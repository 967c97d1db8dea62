"""The messages of each request in Slack."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sandbox.cast import PEOPLE
from sandbox.slack.server import SlackStandIn
from tests.chaos.users import REQUESTERS
from tests.integration.slack_driver import CHANNEL

Message = dict[str, Any]


def _lists() -> defaultdict[str, list[Message]]:
    return defaultdict(list)


@dataclass
class RequestMessages:
    """Messages of one request, by channel."""

    messages: defaultdict[str, list[Message]] = field(default_factory=_lists)
    """Cards, or notices in the requester's DM."""
    replies: defaultdict[str, list[Message]] = field(default_factory=_lists)


def read_messages(slack: SlackStandIn) -> defaultdict[str, RequestMessages]:
    """Return the messages of each request, by request ID."""
    found: defaultdict[str, RequestMessages] = defaultdict(RequestMessages)
    for channel in (CHANNEL, *(f"@{person.name}" for person in (*PEOPLE, *REQUESTERS))):
        if slack.workspace.conversation(channel) is None:
            continue
        for message in slack.control_api.messages(channel):
            if request_id := _request_of(message):
                is_reply = message.get("thread_ts", message["ts"]) != message["ts"]
                here = found[request_id].replies if is_reply else found[request_id].messages
                here[channel].append(message)
    return found


def _request_of(message: Message) -> str:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("request_id", ""))
