"""Modals and the Home tab: views.open, views.push, views.update, views.publish."""

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.rendering import view_json
from sandbox.slack.workspace.screens import open_views, push_onto, read_definition, redefine
from sandbox.slack.workspace.views import View


def open_view(call: Call) -> JsonObject:
    """Open a modal for the trigger's user. It replaces an open modal."""
    definition = _read_definition(call, "modal")
    user = call.backend.triggers.exchange(call.args.required("trigger_id"))
    call.workspace.screens[user].modals.clear()
    return _answer(call, push_onto(call.workspace, user, definition))


def push_view(call: Call) -> JsonObject:
    """Push a modal onto the one that issued the trigger."""
    definition = _read_definition(call, "modal")
    user = call.backend.triggers.exchange(call.args.required("trigger_id"))
    if not call.workspace.screens[user].modals:
        raise SlackError("not_found")
    return _answer(call, push_onto(call.workspace, user, definition))


def update_view(call: Call) -> JsonObject:
    """Change an open view, by its ID or its external ID."""
    view = _find(call)
    definition = _read_definition(call, view.definition["type"], replacing=view)
    _refuse_stale(call, view)
    return _answer(call, redefine(call.workspace, view, definition))


def publish_view(call: Call) -> JsonObject:
    """Publish a user's Home tab. Its ID stays the same."""
    workspace, user = call.workspace, call.args.required("user_id")
    screen = workspace.screens.get(user)
    if screen is None:
        raise SlackError("user_not_found")
    if not workspace.app.has_home:
        raise SlackError("not_enabled")
    definition = _read_definition(call, "home", replacing=screen.home)
    if screen.home is not None:
        _refuse_stale(call, screen.home)
        return _answer(call, redefine(workspace, screen.home, definition))
    view_id = workspace.ids.view()
    screen.home = View(view_id, user, [definition], workspace.ids.view_hash(), view_id)
    workspace.changes.announce()
    return _answer(call, screen.home)


def _read_definition(call: Call, kind: str, *, replacing: View | None = None) -> JsonObject:
    return read_definition(call.workspace, call.args.structure("view"), kind, replacing=replacing)


def _refuse_stale(call: Call, view: View) -> None:
    if "hash" in call.args and call.args.text("hash") != view.hash:
        raise SlackError("hash_conflict")


def _find(call: Call) -> View:
    view_id, external_id = call.args.text("view_id"), call.args.text("external_id")
    for view in open_views(call.workspace):
        if view.id == view_id:
            return view
        if external_id and view.definition.get("external_id") == external_id:
            return view
    raise SlackError("not_found")


def _answer(call: Call, view: View) -> JsonObject:
    return {"view": view_json(call.workspace, view)}
