"""The app's Home tab, and shortcuts."""

from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import event, interaction
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.wire import JsonObject, present
from sandbox.slack.workspace.rendering import message_json, view_json

_HOME_OPENED = "app_home_opened"


async def open_home(action: UserAction) -> Outcome:
    """Open the Home tab, and send the event if the app subscribes to it."""
    workspace = action.workspace
    if not workspace.app.has_home:
        raise CannotActError("this app has no Home tab")
    if not workspace.app.subscribes_to(_HOME_OPENED):
        return Outcome.unsent()
    home = workspace.screens[action.user].home
    body = {
        "type": _HOME_OPENED,
        "user": action.user,
        "channel": workspace.direct_with(action.user).id,
        "tab": "home",
        "event_ts": workspace.ids.ts(),
        "view": None if home is None else view_json(workspace, home),
    }
    return Outcome.of(await action.backend.delivery.deliver_event(event(workspace, present(body))))


async def use_shortcut(action: UserAction) -> Outcome:
    """Use a global shortcut, or a shortcut of the message with timestamp `ts`."""
    action.require_interactivity()
    callback_id = action.field("callback_id")
    kind = "global" if action.optional("ts") is None else "message"
    if not action.workspace.app.has_shortcut(callback_id, kind):
        raise CannotActError("no such shortcut")
    payload = {
        **(_shortcut(action) if kind == "global" else _message_action(action)),
        "callback_id": callback_id,
        "trigger_id": action.backend.triggers.issue(action.user),
        "action_ts": action.workspace.ids.ts(),
    }
    return Outcome.of(
        await action.backend.delivery.deliver("interactive", payload, accepts_response=False)
    )


def _shortcut(action: UserAction) -> JsonObject:
    return interaction(action.workspace, action.person, "shortcut")


def _message_action(action: UserAction) -> JsonObject:
    conversation = action.conversation()
    message = conversation.visible_message(action.field("ts"))
    if message is None:
        raise CannotActError("message_not_found")
    return {
        **interaction(action.workspace, action.person, "message_action"),
        "channel": {"id": conversation.id, "name": conversation.name_in_payloads},
        "message_ts": message.ts,
        "message": message_json(action.workspace, message),
        "response_url": action.backend.response_urls.for_command(conversation, action.user),
    }
