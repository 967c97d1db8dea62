"""Submitting and closing modals."""

from sandbox.slack.errors import SlackError
from sandbox.slack.interactions.entries import complaints_about, read_entries
from sandbox.slack.interactions.outcome import CannotActError, Outcome, UnusableAckError
from sandbox.slack.interactions.payloads import in_view, interaction
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.socket_mode.delivery import Reply
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.screens import push_onto, read_definition, redefine
from sandbox.slack.workspace.views import View

_TROUBLE = "We had some trouble connecting. Try again?"
"""Slack's message in a modal if the app's response is invalid."""


async def submit(action: UserAction) -> Outcome:
    """Submit a form if Slack's own checks pass, and apply the response action of the ack."""
    action.require_interactivity()
    view = action.top_modal()
    if view.definition.get("submit") is None:
        raise CannotActError("the view has no submit button")
    view.enter(read_entries(view.blocks, action.optional("values") or {}))
    action.workspace.changes.announce()
    if complaints := complaints_about(action.workspace, view):
        return Outcome.complaints(complaints)
    payload = {
        **interaction(action.workspace, action.person, "view_submission"),
        "trigger_id": action.backend.triggers.issue(action.user),
        "view": in_view(action.workspace, view)["view"],
        "response_urls": [],
    }
    reply = await action.backend.delivery.deliver("interactive", payload, accepts_response=True)
    if reply.error is not None:
        return Outcome.of(reply)
    return _respond(action, view, reply)


async def close(action: UserAction) -> Outcome:
    """Close the front modal. The app gets `view_closed` only with `notify_on_close`."""
    view = action.top_modal()
    screen = action.workspace.screens[action.user]
    cleared = bool(view.definition.get("clear_on_close") or action.optional("clear"))
    payload = {
        **interaction(action.workspace, action.person, "view_closed"),
        "view": {**in_view(action.workspace, view)["view"], "state": {"values": {}}},
        "is_cleared": cleared,
    }
    if cleared:
        screen.modals.clear()
    else:
        screen.close(view)
    action.workspace.changes.announce()
    if not view.definition.get("notify_on_close") or not action.workspace.app.is_interactive:
        return Outcome.unsent()
    return Outcome.of(
        await action.backend.delivery.deliver("interactive", payload, accepts_response=False)
    )


def _respond(action: UserAction, view: View, reply: Reply) -> Outcome:
    """Apply the response action of the app's ack to a submission."""
    response = reply.payload or {}
    try:
        return _run_response_action(action, view, reply, response)
    except (SlackError, UnusableAckError) as error:
        return Outcome.of(reply, f"{_TROUBLE} ({error})")


def _run_response_action(
    action: UserAction, view: View, reply: Reply, response: JsonObject
) -> Outcome:
    workspace, screen = action.workspace, action.workspace.screens[action.user]
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
                workspace, action.user, read_definition(workspace, response.get("view"), "modal")
            )
        case unknown:
            raise UnusableAckError(f"unknown response_action {unknown!r}")
    workspace.changes.announce()
    return Outcome.of(reply)


def _errors_beside_inputs(view: View, response: JsonObject) -> dict[str, str]:
    """Return the app's errors. Slack shows errors beside inputs only."""
    errors = response.get("errors") or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise UnusableAckError("errors must name input blocks")
    return {block_id: str(text) for block_id, text in errors.items()}
