"""Certificates outlive the request with which they were issued, if it is deleted."""

from workspace.card_model.record import CardModel
from workspace.views.parts import rich


def valid_certificates(card_model: CardModel) -> rich.Line:
    """Return a sentence with the time until which the certificates are valid."""
    yield "Certificates issued with this request stay valid until "
    if card_model.access_until is None:
        yield "they expire"
    else:
        yield rich.moment(card_model.access_until)
    yield "."
