"""What travels between Slack and an app: JSON, in Slack's own field names.

Blocks, views and payloads pass through the stand-in as they came, so they stay JSON here;
everything the stand-in itself decides upon is read into values first.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
Blocks: TypeAlias = list[JsonObject]


def present(fields: Mapping[str, Any]) -> JsonObject:
    """The fields that have a value; Slack leaves the others out."""
    return {name: value for name, value in fields.items() if value is not None}
