"""Response urls: five posts within thirty minutes, wherever the interaction took place.

See docs.slack.dev/interactivity/handling-user-interaction.
"""

from dataclasses import dataclass

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Arguments
from sandbox.slack.web_api.content import read_content
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.messages import Message
from sandbox.slack.workspace.state import Workspace

_LIFE = 30 * 60.0
_USES = 5


@dataclass
class ResponseUrl:
    """Where answers to one interaction go; `original` is the message that was clicked."""

    conversation: Conversation
    user: str
    made_at: float
    original: Message | None
    uses_left: int = _USES


class ResponseUrls:
    """Issues response urls and posts what the app sends to them."""

    def __init__(self, base: str, workspace: Workspace) -> None:
        self._base = base
        self._workspace = workspace
        self._urls: dict[str, ResponseUrl] = {}

    def for_command(self, conversation: Conversation, user: str) -> str:
        return self._issue("commands", ResponseUrl(conversation, user, self._workspace.now(), None))

    def for_click(self, conversation: Conversation, user: str, original: Message) -> str:
        entry = ResponseUrl(conversation, user, self._workspace.now(), original)
        return self._issue("actions", entry)

    def post(self, path: str, body: JsonObject) -> None:
        """Do what the app asks for at a response url; raises SlackError if it may not."""
        entry = self._use(path)
        if Arguments(body).flag("delete_original") and entry.original is not None:
            self._workspace.delete(entry.original)
            return
        answer(self._workspace, entry, body)

    def _issue(self, kind: str, entry: ResponseUrl) -> str:
        path = f"{kind}/{self._workspace.app.team_id}/{self._workspace.ids.response_url()}"
        self._urls[path] = entry
        return f"{self._base}/{path}"

    def _use(self, path: str) -> ResponseUrl:
        entry = self._urls.get(path)
        if entry is None:
            raise SlackError("no_service")
        if self._workspace.now() - entry.made_at > _LIFE:
            raise SlackError("expired_url")
        if entry.uses_left == 0:
            raise SlackError("used_url")
        entry.uses_left -= 1
        return entry


def answer(workspace: Workspace, entry: ResponseUrl, body: JsonObject) -> None:
    """Show the app's answer to an interaction: in place of the original, or as a new message.

    After a click the original is replaced unless the app says otherwise. What a person typed
    as a command cannot be replaced, so there the answer is always new.
    """
    args = Arguments(body)
    content = read_content(args, workspace.ids)
    replaces = args.flag("replace_original") or "replace_original" not in args
    if entry.original is not None and replaces:
        workspace.edit(entry.original, content)
        return
    public = args.text("response_type") == "in_channel"
    workspace.post(
        entry.conversation,
        content,
        shown_to=None if public else entry.user,
        thread_ts=(args.text("thread_ts") or None) if public else None,
    )
