"""The input of the request form: the IDs of its fields, its private metadata, and reading both."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from workspace.moment import Moment
from workspace.requests.request_draft import EXACT, AllowDuplicate, Duration, RequestDraft
from workspace.text.untrusted import slack_length
from workspace.views.parts.outdated import outdated_form, reading

ROLES, REASON, DURATION, REVIEWERS = "roles", "reason", "duration", "reviewers"
RESOURCES, START, EXPIRY = "resources", "start", "expires"
"""Each is a block id and, within the block, the action id."""
_METADATA_LIMIT = 3000
"""Characters (docs.slack.dev: views)."""


@dataclass(frozen=True, slots=True)
class RequestFormMetadata:
    """The form's private metadata: the channel and the command from which it was opened."""

    __pydantic_config__ = EXACT

    channel: str = ""
    reviewers: tuple[str, ...] = ()
    """Typed as Teleport names: there may be no Slack user to preselect."""
    allow_duplicate: AllowDuplicate = False
    resources: tuple[str, ...] = ()
    """Typed, and not in the menu."""
    start: Moment | None = None
    """In forms without an input for it, as the next two."""
    until: Moment | None = None
    expires: Moment | None = None
    session: Duration | None = None
    """Typed: the form has no input for it."""
    accepted_end: Moment | None = None
    """End of the access that the form has shown, because it is shorter than the wanted one."""

    def to_json(self) -> str:
        return _ORIGINS.dump_json(self, by_alias=True, exclude_defaults=True).decode()


_ORIGINS = TypeAdapter(RequestFormMetadata)
_DURATION = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True)
class RequestFormInput:
    """The values of a submitted form. Reviewers picked in it are Slack user IDs."""

    draft: RequestDraft
    role_values: tuple[str, ...]
    picked_reviewers: tuple[str, ...]
    channel: str
    resource_values: tuple[str, ...] = ()
    accepted_end: datetime | None = None


def read(values: Mapping[str, Mapping[str, Any]], private_metadata: str) -> RequestFormInput:
    """Read `state.values`. Role values still need `role_option.names`.

    Raises UserError for a form of another version.
    """
    with reading(outdated_form("/teleport-request")):
        return _read(values, private_metadata)


def _read(values: Mapping[str, Mapping[str, Any]], private_metadata: str) -> RequestFormInput:
    """Older forms have no inputs for resources and times, and another menu of reviewers."""
    origin = _ORIGINS.validate_json(private_metadata or "{}")
    seconds = (_field(values, DURATION).get("selected_option") or {}).get("value")
    reviewers = _field(values, REVIEWERS)
    return RequestFormInput(
        draft=RequestDraft(
            reason=(_field(values, REASON).get("value") or "").strip(),
            duration=_duration_from(seconds) if seconds else None,
            reviewers=origin.reviewers,
            allow_duplicate=origin.allow_duplicate,
            resources=origin.resources,
            start=_moment_from(values, START) if START in values else origin.start,
            until=None if seconds else origin.until,
            expires=_moment_from(values, EXPIRY) if EXPIRY in values else origin.expires,
            session=origin.session,
        ),
        role_values=selected_values(values, ROLES),
        picked_reviewers=tuple(
            reviewers.get("selected_users") or selected_values(values, REVIEWERS)
        ),
        channel=origin.channel,
        resource_values=selected_values(values, RESOURCES),
        accepted_end=origin.accepted_end,
    )


def with_accepted_end(private_metadata: str, end: datetime) -> str:
    return replace(_ORIGINS.validate_json(private_metadata or "{}"), accepted_end=end).to_json()


def selected_values(values: Mapping[str, Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """Return the values of the options that are selected in a menu."""
    options = _field(values, name).get("selected_options") or ()
    return tuple(option["value"] for option in options)


def _moment_from(values: Mapping[str, Mapping[str, Any]], name: str) -> datetime | None:
    seconds = _field(values, name).get("selected_date_time")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def fit_metadata(origin: RequestFormMetadata) -> RequestFormMetadata:
    """Leave out the last reviewers, and resources that don't fit, if a view can't carry all."""
    bare = replace(origin, resources=())

    def too_long(count: int) -> bool:
        return not _fits(replace(bare, reviewers=origin.reviewers[:count]))

    counts = range(1, len(origin.reviewers) + 1)
    fitting = replace(bare, reviewers=origin.reviewers[: bisect_left(counts, 1, key=too_long)])
    complete = replace(fitting, resources=origin.resources)
    return complete if _fits(complete) else fitting


def _fits(origin: RequestFormMetadata) -> bool:
    return slack_length(origin.to_json()) <= _METADATA_LIMIT


def _field(values: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return values.get(name, {}).get(name) or {}


def _duration_from(value: str) -> timedelta:
    return _DURATION.validate_python(timedelta(seconds=int(value)))
