"""The card model: everything that a card shows, as the ledger stores it.

The ledger keeps the model of each request, so that the bot can render the last card of a request
that Teleport has deleted. Replicas of several versions read and write the same ledger, so the JSON
form of a model is a contract between versions:

- A JSON name never changes. If the Python name of a field differs from it, the field has an alias.
- A field is never removed, and its meaning never changes.
- A new field is added at the end and has a default. Defaults aren't written, so an older entry
  reads as if it had the field, and its JSON and its fingerprint stay the same.
- A reader ignores unknown fields. An older replica that rewrites an entry loses them, and a newer
  replica fills them in again at the next plan.

`fingerprint` is a hash of this JSON. The ledger stores it with each message; a message is out of
date if the fingerprint of the current model differs. A change of the JSON form would therefore
update every card in Slack once.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated

from pydantic import Field, TypeAdapter

from teleport_client.model.access_request import RequestState
from workspace.card_model.status import Status
from workspace.moment import Moment, Span


@dataclass(frozen=True, slots=True)
class CardReview:
    author: str
    state: RequestState
    """Proposed state. A promotion resolves the request immediately."""
    reason: str = ""
    counts: bool = True
    """False if the author matches no threshold's filter, so that the review has no effect."""


@dataclass(frozen=True, slots=True)
class CardLock:
    """A lock in force on the request."""

    by: str = ""
    """Teleport user behind a lock from Slack, empty for any other lock."""
    message: str = ""
    """The user's reason, or the message of any other lock."""


@dataclass(frozen=True, slots=True)
class CardModel:
    """Names and reasons are untrusted texts. Equal models look the same."""

    id: str
    user: str
    roles: tuple[str, ...]
    status: Status
    reason: str = ""
    resources: tuple[str, ...] = ()
    access_until: Moment | None = None
    waiting_until: Moment | None = None
    """When the pending request expires."""
    assume_start: Moment | None = None
    progress: tuple[str, ...] = ()
    reviews: Annotated[tuple[CardReview, ...], Field(alias="votes")] = ()
    resolved_by: Annotated[tuple[str, ...], Field(alias="decided_by")] = ()
    """Empty if the request was resolved without reviews, as with tctl."""
    resolve_reason: str = ""
    promoted_to: str = ""
    reviewers: tuple[str, ...] = ()
    """Suggested reviewers, from the requester or from Teleport."""
    messaged: tuple[int, int] = (0, 0)
    """Numbers of suggested reviewers: those with a DM, and all. Zeros if all have one."""
    request_url: Annotated[str, Field(alias="page")] = ""
    """URL of the request in the Teleport web UI, if it has one."""
    review_in_slack: Annotated[bool, Field(alias="can_decide")] = True
    """Whether the card offers reviews. A closed card has no buttons in any case."""
    review_in_teleport: Annotated[bool, Field(alias="elsewhere")] = False
    """Whether the card explains how to review the request in Teleport."""
    constrained: bool = False
    """Whether access to a resource is limited further."""
    incomplete: bool = False
    """Whether the request has limits that no card can show."""
    from_slack: bool = False
    """Whether the bot set the state for an approver in Slack, without a review."""
    approvals_left: int = 1
    """Least number of approvals until the request is approved."""
    resource_names: tuple[str, ...] = ()
    """`resources` with the names that users know. Empty if none is known."""
    access_for: Span | None = None
    """Duration of the access. A card that shows `access_until` doesn't show it."""
    lock: CardLock | None = None
    can_lock: bool = False
    """Whether the card offers to lock the access."""
    confirm_roles: tuple[str, ...] = ()
    """Roles that a reviewer of the pending request approves by typing their names."""
    removed_roles: tuple[str, ...] = ()
    """Requested roles that the approval left out."""
    denials: tuple[str, ...] = ()
    """Rows such as `1 of 2 denials`, while the request is pending."""
    filtered: bool = False
    """Whether open thresholds count only the approvals of some reviewers."""
    long_term: bool = False
    """Whether the request is for permanent access, which Teleport grants by an access list."""
    has_details: bool = True
    """Whether the card offers the details. Without Socket Mode, no click reaches the bot."""

    @property
    def locked(self) -> bool:
        return self.lock is not None

    @property
    def targets(self) -> tuple[str, ...]:
        """Requested resources or roles, with the names to show."""
        return self.resource_names or self.resources or self.roles


_MODELS = TypeAdapter(CardModel)
_LOCKS = TypeAdapter(CardLock)


def fingerprint(card_model: CardModel) -> str:
    """Return a short hash of a model, the same in every process.

    It leaves out `access_for`, which follows from times of the request that never change.
    """
    stored = _MODELS.dump_json(
        card_model, by_alias=True, exclude={"access_for"}, exclude_defaults=True
    )
    return blake2b(stored, digest_size=6).hexdigest()


def lock_fingerprint(lock: CardLock | None) -> str:
    """Return a short hash of a lock, empty without one."""
    if lock is None:
        return ""
    return blake2b(_LOCKS.dump_json(lock), digest_size=6).hexdigest()
