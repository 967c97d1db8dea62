"""The pages of the details of a request, for a modal or a private message.

Slack rejects a message whose texts have more than about 13,200 characters together
(`workspace/text/budget.py`), so a page has fewer.
"""

from collections.abc import Iterable, Iterator

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, RichTextElement

from workspace.card_model.record import CardModel
from workspace.requests.request_details import RequestDetails
from workspace.text.untrusted import slack_length
from workspace.views.cards.actions import actions
from workspace.views.cards.status_line import status_line
from workspace.views.parts import rich
from workspace.views.parts.footer import footer
from workspace.views.parts.message import Message, message
from workspace.views.parts.outdated import outdated_button, reading
from workspace.views.parts.plain import plain
from workspace.views.parts.title import header, title
from workspace.views.requests.details import details

DETAILS_BACK, DETAILS_NEXT = "details_back", "details_next"
"""Action IDs; the value is `<request ID>:<page>`."""
_ROOM, _PIECES = 8_000, 60
"""Size of a page."""


def details_message(card_model: CardModel, found: RequestDetails, page: int = 0) -> Message:
    """Return one page. A page beyond the last one is the last one."""
    pieces, number, more = _find(_pages(details(card_model, found)), page)
    return message(
        header(title(card_model)),
        rich.lines((rich.bold(status_line(card_model)),)),
        *pieces,
        *_paging(card_model.id, number, more=more),
        footer(card_model),
    )


def page_from(value: str) -> tuple[str, int]:
    """Return the request ID and the page of a button. Raises UserError."""
    request_id, _, page = value.partition(":")
    with reading(outdated_button()):
        return request_id, max(0, int(page))


def _find(
    pages: Iterator[list[RichTextElement]], wanted: int
) -> tuple[list[RichTextElement], int, bool]:
    """Return the wanted page or the last one, its number, and whether another one follows.

    Pages after the next one aren't built: a request can be very large.
    """
    shown, number = next(pages), 0
    for following in pages:
        if number == wanted:
            return shown, number, True
        shown, number = following, number + 1
    return shown, number, False


def _pages(pieces: Iterable[RichTextElement]) -> Iterator[list[RichTextElement]]:
    page: list[RichTextElement] = []
    left = _ROOM
    for piece in pieces:
        length = _length(plain(piece))
        if page and (length > left or len(page) == _PIECES):
            yield page
            page, left = [], _ROOM
        page.append(piece)
        left -= length
    yield page


def _length(drawn: object) -> int:
    """Return the length of all texts in a piece."""
    if isinstance(drawn, dict):
        texts = (drawn.get(key) for key in ("text", "fallback"))
        own = sum(slack_length(each) for each in texts if isinstance(each, str))
        return own + sum(map(_length, drawn.get("elements", ())))
    return 0


def _paging(request_id: str, number: int, *, more: bool) -> Iterator[ActionsBlock]:
    turns = (
        (number > 0, f"Back to page {number}", DETAILS_BACK, number - 1),
        (more, f"More (page {number + 2})", DETAILS_NEXT, number + 1),
    )
    yield from actions(
        *(
            ButtonElement(text=words, action_id=action_id, value=f"{request_id}:{page}")
            for exists, words, action_id, page in turns
            if exists
        )
    )
