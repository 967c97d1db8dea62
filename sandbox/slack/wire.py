"""JSON between Slack and an app, in Slack's own field names.

Blocks, views and payloads stay JSON, because the stand-in passes them on unchanged. It converts the
JSON that it evaluates into typed values.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
Blocks: TypeAlias = list[JsonObject]


def present(fields: Mapping[str, Any]) -> JsonObject:
    """Return the fields that have a value. Slack omits the others."""
    return {name: value for name, value in fields.items() if value is not None}
