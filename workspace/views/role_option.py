"""A role as an option of a menu, also when its name is longer than Slack's options."""

from collections.abc import Iterable
from hashlib import blake2b

from slack_sdk.models.blocks import Option, PlainTextObject

from workspace.untrusted import label

LIMIT = 75
"""Characters of an option's text, and the fewest that Slack has ever allowed for its value
(docs.slack.dev: option object)."""


def option(role: str) -> Option:
    return Option(text=PlainTextObject(text=label(role, LIMIT - 2), emoji=False), value=value(role))


def value(role: str) -> str:
    """Name the role itself where it fits, else by a digest."""
    return role if len(role) <= LIMIT else f"#{blake2b(role.encode(), digest_size=16).hexdigest()}"


def names(values: Iterable[str], requestable: Iterable[str]) -> tuple[str, ...]:
    """Turn values back into role names; a digest that no requestable role has stays as it is."""
    by_value = {value(role): role for role in requestable}
    return tuple(by_value.get(each, each) for each in values)
