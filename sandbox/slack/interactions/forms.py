"""Submitting and closing modals."""

from sandbox.slack.errors import SlackError
from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.entries import complaints_about, read_entries
from sandbox.slack.interactions.outcome import CannotActError, Outcome, UnusableAckError
from sandbox.slack.interactions.payloads import in_view, interaction
from sandbox.slack.screens import push_onto, read_definition, redefine
from sandbox.slack.socket_mode.delivery import Reply
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.views import View

_TROUBLE = "We had some trouble connecting. Try again?"
"""What Slack shows in a modal whose app answered with something that Slack does not take."""


async def submit(act: Act) -> Outcome:
    """Send a form, if Slack's own checks pass, and do what the ack asks for."""
    act.require_interactivity()
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
    if reply.error is not None:
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
    if not view.definition.get("notify_on_close") or not act.workspace.app.is_interactive:
        return Outcome.unsent()
    return Outcome.of(
        await act.backend.delivery.deliver("interactive", payload, accepts_response=False)
    )


def _answered(act: Act, view: View, reply: Reply) -> Outcome:
    """Do what the app's ack to a submission asks for."""
    response = reply.payload or {}
    try:
        return _respond(act, view, reply, response)
    except (SlackError, UnusableAckError) as error:
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
            raise UnusableAckError(f"unknown response_action {unknown!r}")
    workspace.changes.announce()
    return Outcome.of(reply)


def _errors_beside_inputs(view: View, response: JsonObject) -> dict[str, str]:
    """The app's complaints; Slack has a place for them beside inputs only."""
    errors = response.get("errors") or {}
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise UnusableAckError("errors must name input blocks")
    return {block_id: str(text) for block_id, text in errors.items()}
