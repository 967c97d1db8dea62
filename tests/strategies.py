"""Generated Teleport values, including hostile ones."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hypothesis import strategies as st

from teleport_client.model.access_request import (
    AccessRequest,
    Constraints,
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
"""Often close together, so that "now" is between the times of a request or equal to one."""
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
constraints = st.builds(
    Constraints,
    principal=st.sampled_from(("login", "role ARN")),
    allowed=st.lists(texts, min_size=1, max_size=3).map(tuple),
)
resources = st.builds(
    ResourceId,
    cluster=names,
    kind=names,
    name=names,
    sub_resource=texts,
    constraints=st.none() | constraints,
)
reviews = st.builds(
    Review,
    author=names,
    state=votes,
    reason=texts,
    created=maybe_moments,
    threshold_indexes=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    submitted_by=texts,
    assume_start=maybe_moments,
)
annotations = st.dictionaries(names, st.lists(texts, max_size=2).map(tuple), max_size=2)


@st.composite
def requests(draw: st.DrawFn) -> AccessRequest:
    """Return a complete request; its thresholds are mapped to its roles as in Teleport."""
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
        annotations=draw(annotations),
    )


@dataclass(frozen=True)
class Extreme:
    """Teleport values with very many and very long parts, and a short representation."""

    letters: str
    length: int
    count: int
    state: RequestState
    author_count: int
    constrained: bool = False

    @property
    def text(self) -> str:
        return self.letters * (30 * self.length)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{number}{self.letters * self.length}" for number in range(self.count))

    @property
    def constraints(self) -> Constraints | None:
        return Constraints("login", self.names) if self.constrained else None

    @property
    def request(self) -> AccessRequest:
        """Return a request with a threshold for each role, and one threshold set for all roles."""
        names, every = self.names, tuple(range(self.count))
        return AccessRequest(
            id="0190c0de-0000-7000-8000-00000000abcd",
            user=names[0],
            roles=names,
            state=self.state,
            created=_NOON,
            access_until=_NOON,
            expires=_NOON,
            reason=self.text,
            resolve_reason=self.text,
            thresholds=tuple(Threshold(approve=self.count, deny=1, name=name) for name in names),
            role_thresholds={name: (every, (number,)) for number, name in enumerate(names)},
            reviews=tuple(
                Review(name, RequestState.APPROVED, self.text, threshold_indexes=every)
                for name in names[: self.author_count]
            ),
            suggested_reviewers=names,
            resources=tuple(ResourceId(name, name, name, name, self.constraints) for name in names),
            promoted_to=self.text,
        )


_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
extremes = st.builds(
    Extreme,
    letters=st.sampled_from(
        (
            "W",
            "&",
            "<",
            '"',
            "\\",
            "\x01",
            "\u202e",
            "\u05d0",
            "\u6f22",
            "\N{FIRE}",
            "e\u0301",
            "W W",
        )
    ),
    length=st.sampled_from((1, 40, 100)),
    count=st.sampled_from((1, 2, 6, 14, 60)),
    state=states,
    author_count=st.sampled_from((0, 1, 20)),
    constrained=st.booleans(),
)
"""Wide, escaped, quoted, invisible, right-to-left, of two to four bytes, with an accent."""
