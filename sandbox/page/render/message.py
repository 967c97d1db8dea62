"""The body of a message."""

from markupsafe import Markup

from sandbox.page.environment import render
from sandbox.page.render.blocks import render_blocks
from sandbox.page.render.mrkdwn import render_mrkdwn
from sandbox.page.render.reader import Reader
from sandbox.page.render.surface import Surface
from sandbox.slack.wire import JsonObject

_WRITTEN = ("pretext", "title", "text")


def render_message(reader: Reader, message: JsonObject) -> Markup:
    """Return the content of a message's article. Blocks replace the text, as in Slack."""
    surface = Surface(reader, f"{reader.person.name}-{message['ts']}", values={}, heading_level=4)
    attachments = message.get("attachments") or []
    return render(
        "message.html",
        text=None if message["blocks"] else render_mrkdwn(reader, message["text"]),
        blocks=render_blocks(surface, message["blocks"]),
        attachments=[_render_attachment(surface, attachment) for attachment in attachments],
    )


def _render_attachment(surface: Surface, attachment: JsonObject) -> Markup:
    if blocks := attachment.get("blocks"):
        return render_blocks(surface, blocks)
    written = [attachment[name] for name in _WRITTEN if isinstance(attachment.get(name), str)]
    texts = written or [str(attachment.get("fallback", ""))]
    return Markup("\n").join(
        Markup('<div class="text">{}</div>').format(render_mrkdwn(surface.reader, text))
        for text in texts
    )
