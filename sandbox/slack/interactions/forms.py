"""Submitting and closing modals, and typing into selects with external data."""

from sandbox.slack.block_kit.inputs import elements
from sandbox.slack.block_kit.objects import SUGGESTIONS
from sandbox.slack.errors import SlackError
from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.entries import complaints_about, read_entries
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import in_message, in_view, interaction
from sandbox.slack.screens import push_onto, read_definition, redefine
from sandbox.slack.socket_mode.delivery import Reply
from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.views import View

_DEFAULT_QUERY_LENGTH = 3
_TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack shows in a modal whose app answered with something that Slack does not take."""


async def submit(act: Act) -> Outcome:
    """Send a form, if Slack's own checks pass, and do what the ack asks for."""
    view = act.top_modal()
    if view.definition.get("submit") is None:
        raise CannotActError("the view has no submit button")
    view.enter(read_entries(view.blocks, act.optional("values") or {}))
    act.workspace.changes.announce()
    if complaints := complaints_about(act.workspace, view):
        return Outcome.complaints(complaints)
    payload = {
        **interaction(act.workspace, act.person, "view_submission"),
        "trigger_id": act.backend.triggers.issue(act.user),
        "view": in_view(act.workspace, view)["view"],
        "response_urls": [],
    }
    reply = await act.backend.delivery.deliver("interactive", payload, accepts_response=True)
    if not reply.acked:
        return Outcome.of(reply)
    return _answered(act, view, reply)


async def close(act: Act) -> Outcome:
    """Dismiss the modal in front; the app hears of it only if it asked to."""
    view = act.top_modal()
    screen = act.workspace.screens[act.user]
    cleared = bool(view.definition.get("clear_on_close") or act.optional("clear"))
    payload = {
        **interaction(act.workspace, act.person, "view_closed"),
        "view": {**in_view(act.workspace, view)["view"], "state": {"values": {}}},
        "is_cleared": cleared,
    }
    if cleared:
        screen.modals.clear()
    else:
        screen.close(view)
    act.workspace.changes.announce()
    if not view.definition.get("notify_on_close"):
        return Outcome.unsent()
    return Outcome.of(
        await act.backend.delivery.deliver("interactive", payload, accepts_response=False)
    )


async def suggest(act: Act) -> Outcome:
    """Type into a select with external data and see what the app offers."""
    if act.optional("view_id") is not None:
        view = act.view()
        blocks, place = view.blocks, in_view(act.workspace, view)
    else:
        blocks, place = _blocks_of_message(act)
    block, element = _external_select(act, blocks)
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
    if not reply.acked:
        return Outcome.of(reply)
    problems = list(SUGGESTIONS.problems(reply.payload or {}, ""))
    return Outcome.of(reply, "; ".join(map(str, problems)) or None)


def _blocks_of_message(act: Act) -> tuple[Blocks, JsonObject]:
    conversation = act.conversation()
    message = conversation.message(act.field("ts"))
    if message is None:
        raise CannotActError("message_not_found")
    return message.blocks, in_message(act.workspace, conversation, message)


def _external_select(act: Act, blocks: Blocks) -> tuple[JsonObject, JsonObject]:
    action_id = act.field("action_id")
    for block, element in elements(blocks):
        is_external = element["type"].endswith("external_select")
        if is_external and element["action_id"] == action_id:
            return block, element
    raise CannotActError("no such element")


def _answered(act: Act, view: View, reply: Reply) -> Outcome:
    """Do what the app's ack to a submission asks for."""
    response = reply.payload or {}
    try:
        return _respond(act, view, reply, response)
    except SlackError as error:
        return Outcome.of(reply, f"{_TROUBLE} ({error})")


def _respond(act: Act, view: View, reply: Reply, response: JsonObject) -> Outcome:
    workspace, screen = act.workspace, act.workspace.screens[act.user]
    match response.get("response_action"):
        case None:
            screen.close(view)
        case "clear":
            screen.modals.clear()
        case "errors":
            return Outcome.complaints(_errors_beside_inputs(view, response), reply)
        case "update":
            definition = read_definition(workspace, response.get("view"), "modal", replacing=view)
            redefine(workspace, view, definition)
        case "push":
            push_onto(
                workspace, act.user, read_definition(workspace, response.get("view"), "modal")
            )
        case unknown:
            raise SlackError(f"unknown response_action {unknown!r}")
    workspace.changes.announce()
    return Outcome.of(reply)


def _errors_beside_inputs(view: View, response: JsonObject) -> dict[str, str]:
    """The app's complaints; Slack has a place for them beside inputs only."""
    errors = response.get("errors") or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not errors or not set(errors) <= inputs:
        raise SlackError("errors must name input blocks")
    return {block_id: str(text) for block_id, text in errors.items()}
