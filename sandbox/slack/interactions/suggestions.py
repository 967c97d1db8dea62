"""Typing in a select with external options."""

from sandbox.slack.block_kit.inputs import elements
from sandbox.slack.block_kit.objects import SUGGESTIONS
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import in_message, in_view, interaction
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.wire import Blocks, JsonObject

_DEFAULT_QUERY_LENGTH = 3


async def suggest(action: UserAction) -> Outcome:
    """Type in a select with external data and return the app's options."""
    action.require_interactivity()
    place, block, element = _find(action)
    typed = action.field("text")
    if len(typed) < element.get("min_query_length", _DEFAULT_QUERY_LENGTH):
        raise CannotActError("Keep typing to find options")
    payload = {
        **interaction(action.workspace, action.person, "block_suggestion"),
        **place,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": typed,
    }
    reply = await action.backend.delivery.deliver("interactive", payload, accepts_response=True)
    if reply.error is not None:
        return Outcome.of(reply)
    problems = list(SUGGESTIONS.problems(reply.payload or {}, ""))
    return Outcome.of(reply, "; ".join(map(str, problems)) or None)


def _find(action: UserAction) -> tuple[JsonObject, JsonObject, JsonObject]:
    """Return the position of the select, its block and the select."""
    if action.optional("view_id") is not None:
        view = action.view()
        return in_view(action.workspace, view), *_external_select(action, view.blocks)
    conversation = action.conversation()
    message = conversation.message(action.field("ts"))
    if message is None or message.shown_to not in (None, action.user):
        raise CannotActError("message_not_found")
    block, element = _external_select(action, message.all_blocks)
    place = in_message(action.workspace, conversation, message, block["block_id"])
    return place, block, element


def _external_select(action: UserAction, blocks: Blocks) -> tuple[JsonObject, JsonObject]:
    action_id = action.field("action_id")
    for block, element in elements(blocks):
        is_external = element["type"].endswith("external_select")
        if is_external and element["action_id"] == action_id:
            return block, element
    raise CannotActError("no such element")
