"""Reading what a message is to say, and refusing what Slack does not post."""

from sandbox.slack.arguments import Arguments
from sandbox.slack.block_kit.completion import completed
from sandbox.slack.block_kit.surfaces import are_blocks_too_long, message_problems
from sandbox.slack.errors import SlackError, refusal
from sandbox.slack.identifiers import Identifiers
from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.messages import Content


def read_content(args: Arguments, ids: Identifiers) -> Content:
    """The text, blocks and metadata of a new message.

    Raises SlackError for blocks that Slack refuses, and for a message that says nothing.
    """
    blocks = _read_blocks(args, ids)
    text = args.text("text")
    if not text and not blocks:
        raise SlackError("no_text")
    return Content(text, blocks, read_metadata(args) or None)


def _read_blocks(args: Arguments, ids: Identifiers) -> Blocks:
    blocks = args.structure("blocks")
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := message_problems(blocks):
        raise refusal("invalid_blocks", problems)
    if are_blocks_too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return completed(blocks, ids)


def read_metadata(args: Arguments) -> JsonObject | None:
    """Metadata as given; an empty object takes existing metadata away."""
    metadata = args.structure("metadata")
    if not metadata:
        return None if metadata is None else {}
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return metadata
