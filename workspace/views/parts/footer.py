"""The small last line of a message: the request's ID, and times or a link to Teleport."""

from slack_sdk.models.blocks import ContextBlock, MarkdownTextObject, PlainTextObject

from workspace.card_model.record import CardModel
from workspace.text.untrusted import safe_name
from workspace.views.parts import markup
from workspace.views.parts.request_name import short_id

DOT = "· "


def footer(card_model: CardModel) -> ContextBlock:
    link = markup.link(card_model.request_url, "Open in Teleport", DOT)
    return footer_of(card_model.id, *([link] if link else []))


def footer_of(request_id: str, *more: MarkdownTextObject) -> ContextBlock:
    name = PlainTextObject(text=f"Request {safe_name(short_id(request_id))}", emoji=False)
    return ContextBlock(elements=[name, *more])
