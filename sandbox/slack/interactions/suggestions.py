"""Typing into a select whose options come from the app."""

from sandbox.slack.block_kit.inputs import elements
from sandbox.slack.block_kit.objects import SUGGESTIONS
from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import in_message, in_view, interaction
from sandbox.slack.wire import Blocks, JsonObject

_DEFAULT_QUERY_LENGTH = 3


async def suggest(act: Act) -> Outcome:
    """Type into a select with external data and see what the app offers."""
    act.require_interactivity()
    place, block, element = _find(act)
    typed = act.field("text")
    if len(typed) < element.get("min_query_length", _DEFAULT_QUERY_LENGTH):
        raise CannotActError("Keep typing to find options")
    payload = {
        **interaction(act.workspace, act.person, "block_suggestion"),
        **place,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": typed,
    }
    reply = await act.backend.delivery.deliver("interactive", payload, accepts_response=True)
    if reply.error is not None:
        return Outcome.of(reply)
    problems = list(SUGGESTIONS.problems(reply.payload or {}, ""))
    return Outcome.of(reply, "; ".join(map(str, problems)) or None)


def _find(act: Act) -> tuple[JsonObject, JsonObject, JsonObject]:
    """Return the position of the select, its block and the select."""
    if act.optional("view_id") is not None:
        view = act.view()
        return in_view(act.workspace, view), *_external_select(act, view.blocks)
    conversation = act.conversation()
    message = conversation.message(act.field("ts"))
    if message is None or message.shown_to not in (None, act.user):
        raise CannotActError("message_not_found")
    block, element = _external_select(act, message.all_blocks)
    place = in_message(act.workspace, conversation, message, block["block_id"])
    return place, block, element


def _external_select(act: Act, blocks: Blocks) -> tuple[JsonObject, JsonObject]:
    action_id = act.field("action_id")
    for block, element in elements(blocks):
        is_external = element["type"].endswith("external_select")
        if is_external and element["action_id"] == action_id:
            return block, element
    raise CannotActError("no such element")
