"""The first line of a card: the requester, the roles or resources, and the duration."""

from slack_sdk.models.blocks import HeaderBlock, PlainTextObject

from workspace.card_model.record import CardModel
from workspace.text.names import list_names
from workspace.text.untrusted import fit_text, safe_name, slack_length
from workspace.views.parts.request_name import for_duration

_LIMIT = 150
"""Length of a header (docs.slack.dev: header block)."""
_USER, _TARGETS = 50, 6
_AND_MORE = len(" and 9999 more")
_COMPLETE = 1_000
"""Longer than anything that fits."""


def header(words: str) -> HeaderBlock:
    return HeaderBlock(text=PlainTextObject(text=fit_text(words, _LIMIT), emoji=False))


def title(card_model: CardModel) -> str:
    """Return a text for a header. Long names are cut, the duration isn't."""
    return fit_text(f"{_beginning(card_model)}{_targets(card_model)}{_end(card_model)}", _LIMIT)


def is_user_cut(card_model: CardModel) -> bool:
    return safe_name(card_model.user, _USER) != safe_name(card_model.user, _COMPLETE)


def are_targets_cut(card_model: CardModel) -> bool:
    """Return whether the title leaves out a target or a part of one."""
    if len(card_model.targets) > _TARGETS:
        return True
    complete = list_names(card_model.targets, _TARGETS, _COMPLETE, each=_COMPLETE)
    return complete != _targets(card_model)


def _targets(card_model: CardModel) -> str:
    room = _LIMIT - slack_length(_beginning(card_model) + _end(card_model)) - _AND_MORE
    return list_names(card_model.targets, _TARGETS, room, each=room)


def _beginning(card_model: CardModel) -> str:
    verb = "requested" if card_model.status.closed else "requests"
    return f"{safe_name(card_model.user, _USER)} {verb} "


def _end(card_model: CardModel) -> str:
    return for_duration(card_model)
