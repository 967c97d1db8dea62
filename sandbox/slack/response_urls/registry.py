"""Response URLs: five posts within thirty minutes.

Slack adds a response URL to each slash command and to each click in a message. A post has one of
three effects:

- `delete_original` deletes the clicked message.
- After a click, a post replaces the clicked message, unless `replace_original` is false.
- Otherwise the post is a new message, ephemeral unless `response_type` is `in_channel`.

A typed command can't be replaced, so the response to a command is always a new message. A post
counts as a use even if it fails. The response in an ack follows the same rules but uses nothing up.

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
    """The address of one interaction's responses. `original` is the clicked message."""

    conversation: Conversation
    user: str
    made_at: float
    original: Message | None
    uses_left: int = _USES


class ResponseUrls:
    """Issues response URLs and applies the app's posts to them."""

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
        """Apply a post to a response URL.

        Raises SlackError if the URL is unknown, expired or used up.
        """
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
    """Show the app's response: replace the original, or post a new message.

    A response to a click replaces the original unless `replace_original` is false. A response to a
    command is always a new message.
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
