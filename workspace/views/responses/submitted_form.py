"""Views that replace a submitted form."""

from slack_sdk.models.views import View

from workspace.views.parts.message import Message, text_message

_TITLE = "Teleport"


def result_view(message: Message) -> View:
    """Show a response in place of the form."""
    return View(type="modal", title=_TITLE, close="Close", blocks=list(message.blocks))


def waiting_view() -> View:
    """Return a placeholder, because Slack waits less time for a form's ack than Teleport needs."""
    return result_view(text_message("This is taking a while. The result will appear here."))
