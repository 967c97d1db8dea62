"""The input of the review form: the IDs of its fields, its private metadata, and reading both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from workspace.requests.request_draft import EXACT
from workspace.views.parts.outdated import outdated_form, reading

REASON, START = "reason", "start"
"""Each is a block ID and, within the block, the action ID."""
GRANT, CONFIRM = "grant", "confirm"
"""Prefixes of such IDs, followed by a number from 0 on."""
_QUOTES = "`'\"“”"


@dataclass(frozen=True, slots=True)
class ReviewFormMetadata:
    """The form's private metadata: the request and the proposed state."""

    __pydantic_config__ = EXACT

    request_id: str
    approve: bool
    channel: str = ""
    already_visible: Annotated[bool, Field(alias="shown")] = False
    """Decided where we showed the request, rather than by typing an id."""

    def to_json(self) -> str:
        return _DECISIONS.dump_json(self, by_alias=True).decode()


_DECISIONS = TypeAdapter(ReviewFormMetadata)


@dataclass(frozen=True, slots=True)
class ReviewFormInput:
    """The values of a submitted form."""

    review: ReviewFormMetadata
    reason: str
    start: datetime | None = None
    role_values: tuple[str, ...] | None = None
    """Values of the selected roles. None if the form has no choice of roles."""
    typed_roles: tuple[str, ...] = ()
    """Texts typed to confirm roles."""
    fields: frozenset[str] = frozenset()
    """Block IDs of the form's inputs."""


def read(values: Mapping[str, Mapping[str, Any]], private_metadata: str) -> ReviewFormInput:
    """Read the submitted form. Raises UserError for a form of another version."""
    with reading(outdated_form("/teleport-pending")):
        seconds = _field(values, START).get("selected_date_time")
        return ReviewFormInput(
            review=_DECISIONS.validate_json(private_metadata),
            reason=(_field(values, REASON).get("value") or "").strip(),
            start=datetime.fromtimestamp(seconds, UTC) if seconds else None,
            role_values=_role_values(values),
            typed_roles=_typed_roles(values),
            fields=frozenset(values),
        )


def numbered(prefix: str, number: int) -> str:
    """Return the ID of one of several inputs of a kind."""
    return f"{prefix}_{number}"


def _role_values(values: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...] | None:
    menus = [name for name in values if name.startswith(f"{GRANT}_")]
    if not menus:
        return None
    options = (_field(values, name).get("selected_options") or () for name in menus)
    return tuple(option["value"] for selected in options for option in selected)


def _typed_roles(values: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    fields = (name for name in values if name.startswith(f"{CONFIRM}_"))
    typed = (_field(values, name).get("value") or "" for name in fields)
    return tuple(filter(None, (text.strip().strip(_QUOTES).strip() for text in typed)))


def _field(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return values.get(name, {}).get(name) or {}
