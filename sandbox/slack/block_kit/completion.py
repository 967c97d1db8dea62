"""The fields that Slack adds to blocks when it stores them."""

from sandbox.slack.wire import Blocks, JsonObject
from sandbox.slack.workspace.identifiers import Identifiers

_PLACES_OF_ELEMENTS = ("accessory", "element")
_DEFAULTS = {"plain_text": ("emoji", True), "mrkdwn": ("verbatim", False)}


def complete_blocks(blocks: Blocks, ids: Identifiers) -> Blocks:
    """Return a copy with an ID for each block and element, and with defaults for texts."""
    return [_complete_block(block, ids) for block in blocks]


def _complete_block(block: JsonObject, ids: Identifiers) -> JsonObject:
    whole: JsonObject = _with_defaults(block)
    whole.setdefault("block_id", ids.block())
    for place in _PLACES_OF_ELEMENTS:
        if place in whole and whole[place]["type"] != "image":
            whole[place].setdefault("action_id", ids.block())
    if whole["type"] in ("actions", "context_actions"):
        for element in whole["elements"]:
            element.setdefault("action_id", ids.block())
    return whole


def _with_defaults(part: JsonObject) -> JsonObject:
    copy = {name: _copy(value) for name, value in part.items() if value is not None}
    default = _DEFAULTS.get(str(part.get("type")))
    if default is not None:
        copy.setdefault(*default)
    return copy


def _copy(value: object) -> object:
    if isinstance(value, dict):
        return _with_defaults(value)
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
