"""All requests, grouped as the lists of App Home need them, so that no tab searches all of them."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, MutableMapping
from typing import TypeAlias, TypeVar

from teleport_client.model.access_request import AccessRequest

_ById: TypeAlias = dict[str, AccessRequest]
_Group = TypeVar("_Group", bound=Hashable)


class RequestIndex:
    def __init__(self, requests: Iterable[AccessRequest] = ()) -> None:
        self._all: _ById = {}
        self._by_user: defaultdict[str, _ById] = defaultdict(dict)
        self._pending: defaultdict[tuple[str, ...], _ById] = defaultdict(dict)
        """Pending requests by the requested roles."""
        for each in requests:
            self.put(each)

    def get(self, request_id: str) -> AccessRequest | None:
        return self._all.get(request_id)

    def of_user(self, name: str) -> Collection[AccessRequest]:
        """Return all requests of a Teleport user."""
        return self._by_user[name].values() if name in self._by_user else ()

    def pending(self) -> Iterable[Collection[AccessRequest]]:
        """Return the pending requests, those for the same roles together."""
        return [same_roles.values() for same_roles in self._pending.values()]

    def put(self, request: AccessRequest) -> None:
        """Add a request, or replace an older state of it."""
        self.remove(request.id)
        self._all[request.id] = request
        self._by_user[request.user][request.id] = request
        if request.pending:
            self._pending[request.roles][request.id] = request

    def remove(self, request_id: str) -> None:
        request = self._all.pop(request_id, None)
        if request is None:
            return
        _remove(self._by_user, request.user, request_id)
        if request.pending:
            _remove(self._pending, request.roles, request_id)


def _remove(groups: MutableMapping[_Group, _ById], group: _Group, request_id: str) -> None:
    """Remove a request from its group, and a group without requests."""
    del groups[group][request_id]
    if not groups[group]:
        del groups[group]
