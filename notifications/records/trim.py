"""Cuts card models down to the size of an entry: mostly under 2 KB, never over 32 KB."""

from dataclasses import replace

from notifications.records.slots import NAME_LENGTH
from workspace.card_model.record import CardLock, CardModel, CardReview
from workspace.text.untrusted import truncate

_TEXT_LENGTH = 300
_MAX_NAMES, _MIN_NAMES, _MAX_REVIEWS = 50, 6, 12


def trim_card_model(card_model: CardModel) -> CardModel:
    """Cut a model to the lengths that an entry stores. A trimmed model stays the same."""
    return replace(
        card_model,
        user=truncate(card_model.user, NAME_LENGTH),
        roles=_names(card_model.roles),
        resources=_names(card_model.resources),
        resource_names=_names(card_model.resource_names),
        reason=truncate(card_model.reason, _TEXT_LENGTH),
        progress=_rows(card_model.progress),
        reviews=tuple(map(_trim_review, card_model.reviews[:_MAX_REVIEWS])),
        resolved_by=_names(card_model.resolved_by),
        resolve_reason=truncate(card_model.resolve_reason, _TEXT_LENGTH),
        promoted_to=truncate(card_model.promoted_to, NAME_LENGTH),
        reviewers=_names(card_model.reviewers),
        lock=card_model.lock and _trim_lock(card_model.lock),
        confirm_roles=_names(card_model.confirm_roles),
        removed_roles=_names(card_model.removed_roles),
        denials=_rows(card_model.denials),
    )


def minimize_card_model(card_model: CardModel) -> CardModel:
    """Keep the least that the last card of a deleted request needs."""
    return replace(
        card_model, reason="", resources=(), resource_names=(), progress=(), reviews=(),
        reviewers=(), confirm_roles=(), denials=(), roles=card_model.roles[:_MIN_NAMES],
        removed_roles=card_model.removed_roles[:_MIN_NAMES],
        resolved_by=card_model.resolved_by[:_MIN_NAMES],
        incomplete=card_model.incomplete or bool(card_model.resources),
    )  # fmt: skip


def _trim_review(review: CardReview) -> CardReview:
    return replace(
        review,
        author=truncate(review.author, NAME_LENGTH),
        reason=truncate(review.reason, _TEXT_LENGTH),
    )


def _trim_lock(lock: CardLock) -> CardLock:
    return CardLock(truncate(lock.by, NAME_LENGTH), truncate(lock.message, _TEXT_LENGTH))


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(truncate(name, NAME_LENGTH) for name in names[:_MAX_NAMES])


def _rows(rows: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(truncate(row, _TEXT_LENGTH) for row in rows[:_MAX_REVIEWS])
