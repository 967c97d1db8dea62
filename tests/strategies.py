"""Generated values of Teleport's, as hostile as they may come."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from teleport_client.access_request import (
    AccessRequest,
    RequestState,
    ResourceId,
    Review,
    Threshold,
)

texts = st.text(max_size=60)
long_texts = st.text(max_size=4096)
names = st.text(min_size=1, max_size=40)
moments = st.sampled_from(
    [datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in range(0, 24, 4)]
) | st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))
"""Often few and close, so that "now" falls between the times of a request, and on them."""
maybe_moments = st.none() | moments
states = st.sampled_from(RequestState)
votes = st.sampled_from([RequestState.APPROVED, RequestState.DENIED])
thresholds = st.builds(
    Threshold,
    approve=st.integers(0, 5),
    deny=st.integers(0, 5),
    name=st.sampled_from(["", "default", "admins"]) | texts,
    filter=texts,
)
resources = st.builds(ResourceId, cluster=names, kind=names, name=names, sub_resource=texts)
reviews = st.builds(
    Review,
    author=names,
    state=votes,
    reason=texts,
    created=maybe_moments,
    threshold_indexes=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    submitted_by=texts,
)


@st.composite
def requests(draw: st.DrawFn) -> AccessRequest:
    """A whole request; its thresholds are mapped to its roles as Teleport would."""
    roles = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    known = draw(st.lists(thresholds, max_size=4))
    sets = st.lists(st.integers(0, max(0, len(known) - 1)), min_size=1, max_size=2).map(tuple)
    return AccessRequest(
        id=str(draw(st.uuids())),
        user=draw(names),
        roles=tuple(roles),
        state=draw(states),
        created=draw(maybe_moments),
        access_until=draw(maybe_moments),
        expires=draw(maybe_moments),
        reason=draw(long_texts),
        resolve_reason=draw(texts),
        thresholds=tuple(known),
        role_thresholds={role: tuple(draw(st.lists(sets, max_size=2))) for role in roles},
        reviews=tuple(draw(st.lists(reviews, max_size=12))),
        suggested_reviewers=tuple(draw(st.lists(names, max_size=3))),
        resources=tuple(draw(st.lists(resources, max_size=12))),
        assume_start=draw(maybe_moments),
        promoted_to=draw(texts),
        long_term=draw(st.booleans()),
    )
