"""The modal with the details of a request. It has no input."""

from slack_sdk.models.views import View

from workspace.views.parts.message import Message

_TITLE = "Request details"


def details_view(page: Message) -> View:
    """Show one page of the details."""
    return View(type="modal", title=_TITLE, close="Close", blocks=list(page.blocks))
