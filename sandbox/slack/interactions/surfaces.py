"""Opening the app's Home tab, and starting the app with a global shortcut."""

from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import event, interaction
from sandbox.slack.wire import present
from sandbox.slack.workspace.rendering import view_json


async def open_home(act: Act) -> Outcome:
    """Open the Home tab; the app hears of it as an event."""
    workspace = act.workspace
    home = workspace.screens[act.user].home
    body = {
        "type": "app_home_opened",
        "user": act.user,
        "channel": workspace.direct_with(act.user).id,
        "tab": "home",
        "event_ts": workspace.ids.ts(),
        "view": None if home is None else view_json(workspace, home),
    }
    return Outcome.of(await act.backend.delivery.deliver_event(event(workspace, present(body))))


async def use_shortcut(act: Act) -> Outcome:
    """Start a global shortcut of the app."""
    callback_id = act.field("callback_id")
    if not act.workspace.app.has_shortcut(callback_id):
        raise CannotActError("no such shortcut")
    payload = {
        **interaction(act.workspace, act.person, "shortcut"),
        "callback_id": callback_id,
        "trigger_id": act.backend.triggers.issue(act.user),
        "action_ts": act.workspace.ids.ts(),
    }
    return Outcome.of(
        await act.backend.delivery.deliver("interactive", payload, accepts_response=False)
    )
