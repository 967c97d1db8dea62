"""Payloads that no listener is registered for: acked, logged once per type, and answered.

Slack sends one after an update of the bot, when a message still has a button of the old version or
the installed manifest still has an old command. It sends an unacked event three more times
(docs.slack.dev/apis/events-api: retries).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from commands.interactions.failure_response import Outcome
from commands.interactions.interaction import Interaction
from commands.interactions.listener import Handler, Listeners
from commands.interactions.responder import Responder
from commands.slash_commands import PENDING, REQUEST
from commands.use_cases.services import Services
from workspace.bounded_dict import BoundedDict
from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name
from workspace.views.parts.message import text_message
from workspace.views.parts.outdated import outdated_button, outdated_form
from workspace.views.responses.submitted_form import result_view

_MOST_REMEMBERED = 1_000
_COMMAND, _EVENT, _UNKNOWN = "command", "event_callback", "unknown"
_BUTTONS = frozenset({"block_actions", "interactive_message"})
_SHORTCUTS = frozenset({"shortcut", "message_action"})
_NEXT = f"Run {REQUEST} or {PENDING} instead."

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Payload:
    """An unhandled payload. `name` is its command, event type, action ID or callback ID."""

    kind: str
    name: str
    slack_user_id: str


class Unhandled:
    """Acks unhandled payloads, and responds to the user if Slack offers a way."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._logged = BoundedDict[tuple[str, str], None](_MOST_REMEMBERED)

    def ack(self, body: Mapping[str, Any], error: Exception | None = None) -> dict[str, Any]:
        """Return the ack's payload. Starts a response if the ack can't carry it.

        `error` is the reason why a listener or Bolt can't read the payload.
        """
        payload = _read(body)
        self._log(payload, error)
        if payload.kind == "view_submission":
            view = result_view(text_message(outdated_form().text))
            self._observe(payload.kind)
            return {"response_action": "update", "view": view.to_dict()}
        if payload.slack_user_id and payload.name and (response := _response_to(payload)):
            self._listeners.begin(_interaction(payload, body), _reject(response))
        else:
            self._observe(payload.kind)
        return {"options": []} if payload.kind == "block_suggestion" else {}

    def _log(self, payload: _Payload, error: Exception | None) -> None:
        seen = (payload.kind, payload.name)
        if seen not in self._logged:
            self._logged[seen] = None
            unreadable = {"error": type(error).__name__} if error else {}
            log.info(
                "payload_unhandled",
                payload_type=payload.kind,
                payload_name=safe_name(payload.name),
                **unreadable,
            )

    def _observe(self, kind: str) -> None:
        self._listeners.observe(kind, Outcome.UNHANDLED, 0.0)


def _reject(error: UserError) -> Handler:
    async def work(_services: Services, _interaction: Interaction, _responder: Responder) -> None:
        raise error

    return work


def _response_to(payload: _Payload) -> UserError | None:
    """Return the response, or None if the payload isn't a user's act that awaits one."""
    if payload.kind in _BUTTONS:
        return outdated_button()
    if payload.kind == "dialog_submission":
        return outdated_form()
    if payload.kind == _COMMAND:
        text = f"The bot doesn't know the command {safe_name(payload.name)}. {_NEXT}"
        return UserError(text, reason="unknown_command")
    if payload.kind in _SHORTCUTS:
        return UserError(f"The bot doesn't know this shortcut. {_NEXT}", reason="unknown_shortcut")
    return None


def _read(body: Mapping[str, Any]) -> _Payload:
    """Read an unknown shape: no field is certain."""
    if "command" in body:
        return _Payload(_COMMAND, str(body["command"]), str(body.get("user_id") or ""))
    kind, user = str(body.get("type") or _UNKNOWN), _object(body, "user")
    if kind == _EVENT:
        return _Payload(kind, str(_object(body, "event").get("type") or ""), "")
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else {}
    named = (
        _object({"action": action}, "action").get("action_id"),
        _object(body, "view").get("callback_id"),
        body.get("callback_id"),
        body.get("action_id"),
    )
    name = next((str(each) for each in named if each), "")
    return _Payload(kind, name, str(user.get("id") or ""))


def _interaction(payload: _Payload, body: Mapping[str, Any]) -> Interaction:
    """Name it by its kind: an unknown name would become a label of the metrics."""
    view = _object(body, "view")
    return Interaction(
        name=payload.kind,
        slack_user_id=payload.slack_user_id,
        channel=str(body.get("channel_id") or _object(body, "channel").get("id") or ""),
        view_id=str(view.get("id") or "") if view.get("type") == "modal" else "",
        response_url=str(body.get("response_url") or ""),
    )


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}
