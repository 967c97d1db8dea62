"""Opening and changing views. The same rules hold for calls and acks."""

from typing import Any

from sandbox.slack.block_kit.completion import complete_blocks
from sandbox.slack.block_kit.surfaces import is_view_too_large, view_problems
from sandbox.slack.errors import SlackError, refusal
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.state import Workspace
from sandbox.slack.workspace.views import View

_HIGHEST_STACK = 3


def read_definition(
    workspace: Workspace, definition: Any, kind: str, *, replacing: View | None = None
) -> JsonObject:
    """Return a view definition with Slack's defaults.

    Raises SlackError if Slack rejects the definition for this surface.
    """
    if problems := view_problems(definition):
        raise refusal("invalid_arguments", problems)
    if definition["type"] != kind:
        raise SlackError("invalid_arguments")
    if is_view_too_large(definition):
        raise SlackError("view_too_large")
    _refuse_taken(workspace, definition.get("external_id"), replacing)
    return {**definition, "blocks": complete_blocks(definition["blocks"], workspace.ids)}


def push_onto(workspace: Workspace, user: str, definition: JsonObject) -> View:
    """Push a modal onto a user's stack. Raises SlackError if the stack is full."""
    screen, view_id = workspace.screens[user], workspace.ids.view()
    if len(screen.modals) >= _HIGHEST_STACK:
        raise SlackError("push_limit_reached")
    below = screen.top
    view = View(
        view_id,
        user,
        [definition],
        workspace.ids.view_hash(),
        root_id=below.root_id if below else view_id,
        previous_id=below.id if below else None,
    )
    screen.modals.append(view)
    workspace.changes.announce()
    return view


def redefine(workspace: Workspace, view: View, definition: JsonObject) -> View:
    view.redefine(definition, workspace.ids.view_hash())
    workspace.changes.announce()
    return view


def open_views(workspace: Workspace) -> list[View]:
    """Return all open modals and Home tabs."""
    return [view for screen in workspace.screens.values() for view in screen.all()]


def _refuse_taken(workspace: Workspace, external_id: str | None, replacing: View | None) -> None:
    if not external_id:
        return
    for view in open_views(workspace):
        if view is not replacing and view.definition.get("external_id") == external_id:
            raise SlackError("duplicate_external_id")
