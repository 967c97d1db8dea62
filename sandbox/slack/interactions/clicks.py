"""Clicks on buttons, and selections in menus and other elements."""

from collections.abc import Iterator
from typing import TypeVar

from sandbox.slack.block_kit.inputs import chosen, elements, initial_state, is_stateful
from sandbox.slack.errors import BadRequestError
from sandbox.slack.interactions.entries import read_entries
from sandbox.slack.interactions.outcome import CannotActError, Outcome
from sandbox.slack.interactions.payloads import in_message, in_view, interaction
from sandbox.slack.interactions.user_action import UserAction
from sandbox.slack.wire import Blocks, JsonObject, present
from sandbox.slack.workspace.messages import Message
from sandbox.slack.workspace.views import Entries, View

Shown = TypeVar("Shown", Message, View)

_BUTTONS = ("button", "icon_button")
_COPIED = ("text", "value", "style", "url", "confirm", "placeholder", "accessibility_label")


async def click(action: UserAction) -> Outcome:
    """Use one element, and confirm its dialog if it has one."""
    action.require_interactivity()
    if action.optional("view_id") is not None:
        return await _click_in_view(action)
    return await _click_in_message(action)


async def _click_in_message(action: UserAction) -> Outcome:
    conversation = action.conversation()
    message = conversation.message(action.field("ts"))
    if message is None or message.shown_to not in (None, action.user):
        raise CannotActError("message_not_found")
    seen, used = _newest_use(action, ((one, one.all_blocks) for one in message.history()))
    payload = {
        **interaction(action.workspace, action.person, "block_actions"),
        **in_message(action.workspace, conversation, seen, used["block_id"]),
        "state": {"values": _state_after(seen.all_blocks, used)},
        "trigger_id": action.backend.triggers.issue(action.user),
        "response_url": action.backend.response_urls.for_click(conversation, action.user, message),
        "actions": [used],
    }
    return await _send(action, payload)


async def _click_in_view(action: UserAction) -> Outcome:
    view = action.view()
    if view.is_modal:
        view = action.top_modal()
    view.enter(read_entries(view.blocks, action.optional("values") or {}))
    seen, used = _newest_use(action, ((one, one.blocks) for one in view.history()))
    view.enter(_entries(used))
    payload = {
        **interaction(action.workspace, action.person, "block_actions"),
        **in_view(action.workspace, seen),
        "trigger_id": action.backend.triggers.issue(action.user),
        "actions": [used],
    }
    return await _send(action, payload)


async def _send(action: UserAction, payload: JsonObject) -> Outcome:
    return Outcome.of(
        await action.backend.delivery.deliver("interactive", payload, accepts_response=True)
    )


def _newest_use(
    action: UserAction, history: Iterator[tuple[Shown, Blocks]]
) -> tuple[Shown, JsonObject]:
    """Return the newest version with the element, and the payload of its use.

    A client that lags still shows a button that an update has removed.
    """
    action_id, value = action.field("action_id"), action.optional("value")
    for seen, blocks in history:
        for block, element in elements(blocks):
            if element["action_id"] == action_id and _matches(element, value):
                return seen, _use(action, block, element)
    raise CannotActError("no such element")


def _matches(element: JsonObject, value: object) -> bool:
    return element["type"] not in _BUTTONS or value is None or element.get("value") == value


def _use(action: UserAction, block: JsonObject, element: JsonObject) -> JsonObject:
    used = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        **present({name: element.get(name) for name in _COPIED}),
        **{name: value for name, value in element.items() if name.startswith("initial_")},
        "action_ts": action.workspace.ids.ts(),
    }
    if element["type"] in _BUTTONS:
        return used
    try:
        return {**used, **chosen(element, action.optional("value"))}
    except (KeyError, TypeError):
        chosen_value = action.optional("value")
        raise BadRequestError(f"the element has no option {chosen_value!r}") from None


def _entries(used: JsonObject) -> Entries:
    """Return the state that the use of an element adds to its surface."""
    if not is_stateful(used):
        return {}
    selected = {
        name: value
        for name, value in used.items()
        if name == "type" or name.startswith("selected_") or name == "value"
    }
    return {used["block_id"]: {used["action_id"]: selected}}


def _state_after(blocks: Blocks, used: JsonObject) -> Entries:
    state = initial_state(blocks)
    for block_id, actions in _entries(used).items():
        state.setdefault(block_id, {}).update(actions)
    return state
