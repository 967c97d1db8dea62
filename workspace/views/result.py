"""What a form turns into once it was handed in."""

from slack_sdk.models.views import View

from workspace.views.parts.message import Message, text_message

_TITLE = "Teleport"


def result_view(message: Message) -> View:
    """Show an answer in the place of the form that asked for it."""
    return View(type="modal", title=_TITLE, close="Close", blocks=list(message.blocks))


def waiting_view() -> View:
    """Hold the place while Teleport takes longer than Slack lets a form wait."""
    return result_view(text_message("This is taking a while. The result will appear here."))
