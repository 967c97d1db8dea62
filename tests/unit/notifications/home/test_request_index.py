"""The index of requests finds the same requests as a search through all of them."""

from hypothesis import given
from hypothesis import strategies as st

from notifications.home.request_index import RequestIndex
from teleport_client.model.access_request import AccessRequest, RequestState
from tests.samples import request

_USERS, _ROLES = ("alice", "bob"), (("staging",), ("prod",), ("staging", "prod"))
_REQUESTS = st.builds(
    request,
    id=st.sampled_from("123456"),
    user=st.sampled_from(_USERS),
    roles=st.sampled_from(_ROLES),
    state=st.sampled_from(RequestState),
)


@given(st.lists(st.one_of(_REQUESTS, st.sampled_from("123456"))))
def test_index_finds_what_a_search_finds(changes: list[AccessRequest | str]) -> None:
    """A change is a new state of a request, or the ID of one that is removed."""
    index = RequestIndex()
    known: dict[str, AccessRequest] = {}
    for change in changes:
        if isinstance(change, str):
            index.remove(change)
            known.pop(change, None)
        else:
            index.put(change)
            known[change.id] = change
    for user in _USERS:
        assert sorted(each.id for each in index.of_user(user)) == sorted(
            each.id for each in known.values() if each.user == user
        )
    groups = [list(same_roles) for same_roles in index.pending()]
    assert all(len({each.roles for each in group}) == 1 for group in groups)
    assert sorted(each.id for group in groups for each in group) == sorted(
        each.id for each in known.values() if each.pending
    )
    assert all(index.get(name) == known.get(name) for name in "123456")
