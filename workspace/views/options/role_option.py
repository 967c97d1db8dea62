"""A role as an option of a menu, also when its name is longer than Slack's options."""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from slack_sdk.models.blocks import Option, PlainTextObject

from workspace.text.untrusted import safe_name

LIMIT = 75
"""Characters of an option's text, and the fewest that Slack has ever allowed for its value
(docs.slack.dev: option object)."""

_DIGEST = re.compile("#[0-9a-f]{32}")


def option(role: str) -> Option:
    return Option(
        text=PlainTextObject(text=safe_name(role, LIMIT - 2), emoji=False), value=value(role)
    )


def value(role: str) -> str:
    """Name the role itself where it fits, else by a digest."""
    return role if len(role) <= LIMIT else f"#{blake2b(role.encode(), digest_size=16).hexdigest()}"


def names(values: Iterable[str], requestable: Iterable[str]) -> tuple[str, ...]:
    """Turn values back into role names. Raises LookupError for a digest of no requestable role."""
    by_value = {value(role): role for role in requestable}
    return tuple(_name(each, by_value) for each in values)


def known_names(values: Iterable[str], requestable: Iterable[str]) -> tuple[str, ...]:
    """Turn values back into role names, without those of no requestable role."""
    by_value = {value(role): role for role in requestable}
    return tuple(by_value[each] for each in values if each in by_value)


def _name(value_: str, by_value: Mapping[str, str]) -> str:
    if value_ not in by_value and _DIGEST.fullmatch(value_):
        raise LookupError(value_)
    return by_value.get(value_, value_)
