"""The content of a message, and Slack's checks of it."""

from dataclasses import replace
from typing import Any

from sandbox.slack.block_kit.blocks import LONGEST_MARKDOWN
from sandbox.slack.block_kit.completion import complete_blocks
from sandbox.slack.block_kit.surfaces import are_blocks_too_long, message_problems
from sandbox.slack.errors import SlackError, refusal
from sandbox.slack.web_api.arguments import Arguments
from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.identifiers import Identifiers
from sandbox.slack.workspace.messages import Content

_MARKDOWN = "markdown_text"
_MOST_ATTACHMENTS = 100
_FALLBACK = "[no preview available]"


def read_content(args: Arguments, ids: Identifiers) -> Content:
    """Return the text, blocks, attachments and metadata of a new message.

    Raises SlackError for blocks or attachments that Slack rejects, and for an empty message.
    """
    metadata = read_metadata(args) or None
    if args.text(_MARKDOWN):
        return replace(_read_markdown(args, ids), metadata=metadata)
    blocks = _read_blocks(args.structure("blocks"), "/blocks", ids)
    attachments = read_attachments(args, ids)
    text = args.text("text")
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    return Content(text, blocks, metadata, attachments)


def read_attachments(args: Arguments, ids: Identifiers) -> list[JsonObject]:
    """Return the attachments with the fields that Slack adds. Raises SlackError."""
    attachments = args.structure("attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > _MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return [
        _complete_attachment(one, number, ids) for number, one in enumerate(attachments, start=1)
    ]


def _complete_attachment(attachment: JsonObject, number: int, ids: Identifiers) -> JsonObject:
    whole = {"fallback": _FALLBACK, **attachment, "id": number}
    if attachment.get("blocks") is None:
        return whole
    at = f"/attachments/{number - 1}/blocks"
    return {**whole, "blocks": _read_blocks(attachment["blocks"], at, ids)}


def _read_markdown(args: Arguments, ids: Identifiers) -> Content:
    """Return Markdown as a `markdown` block. Slack shows both in the same way."""
    if args.text("text") or args.structure("blocks"):
        raise SlackError("markdown_text_conflict")
    text = args.text(_MARKDOWN)
    if len(text) > LONGEST_MARKDOWN:
        raise SlackError("msg_too_long")
    blocks = complete_blocks([{"type": "markdown", "text": text}], ids)
    return Content(text, blocks, attachments=read_attachments(args, ids))


def _read_blocks(blocks: Any, at: str, ids: Identifiers) -> Blocks:
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := message_problems(blocks, at):
        raise refusal("invalid_blocks", problems)
    if are_blocks_too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return complete_blocks(blocks, ids)


def read_metadata(args: Arguments) -> JsonObject | None:
    """Return the metadata as given. An empty object removes existing metadata."""
    metadata = args.structure("metadata")
    if not metadata:
        return None if metadata is None else {}
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return metadata
