"""Opening the app's Home tab, and starting the app with a shortcut."""

from sandbox.slack.interactions.act import Act
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import event, interaction
from sandbox.slack.wire import JsonObject, present
from sandbox.slack.workspace.rendering import message_json, view_json

_HOME_OPENED = "app_home_opened"


async def open_home(act: Act) -> Outcome:
    """Open the Home tab, and send the event if the app subscribes to it."""
    workspace = act.workspace
    if not workspace.app.has_home:
        raise CannotActError("this app has no Home tab")
    if not workspace.app.subscribes_to(_HOME_OPENED):
        return Outcome.unsent()
    home = workspace.screens[act.user].home
    body = {
        "type": _HOME_OPENED,
        "user": act.user,
        "channel": workspace.direct_with(act.user).id,
        "tab": "home",
        "event_ts": workspace.ids.ts(),
        "view": None if home is None else view_json(workspace, home),
    }
    return Outcome.of(await act.backend.delivery.deliver_event(event(workspace, present(body))))


async def use_shortcut(act: Act) -> Outcome:
    """Start a shortcut of the app: a global one, or one of the message that `ts` names."""
    act.require_interactivity()
    callback_id = act.field("callback_id")
    kind = "global" if act.optional("ts") is None else "message"
    if not act.workspace.app.has_shortcut(callback_id, kind):
        raise CannotActError("no such shortcut")
    payload = {
        **(_shortcut(act) if kind == "global" else _message_action(act)),
        "callback_id": callback_id,
        "trigger_id": act.backend.triggers.issue(act.user),
        "action_ts": act.workspace.ids.ts(),
    }
    return Outcome.of(
        await act.backend.delivery.deliver("interactive", payload, accepts_response=False)
    )


def _shortcut(act: Act) -> JsonObject:
    return interaction(act.workspace, act.person, "shortcut")


def _message_action(act: Act) -> JsonObject:
    conversation = act.conversation()
    message = conversation.standing_message(act.field("ts"))
    if message is None:
        raise CannotActError("message_not_found")
    return {
        **interaction(act.workspace, act.person, "message_action"),
        "channel": {"id": conversation.id, "name": conversation.name_in_payloads},
        "message_ts": message.ts,
        "message": message_json(act.workspace, message),
        "response_url": act.backend.response_urls.for_command(conversation, act.user),
    }
