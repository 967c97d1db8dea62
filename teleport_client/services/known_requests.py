"""Requests that were converted before, because most of a list is the same as in the list before.

Each write in Teleport sets a new revision of the resource (`maybeResetProtoRevision` and
`itemToAccessRequest` in lib/services). A request without a revision is always converted.
"""

from collections.abc import Callable

from teleport_client._proto import types_pb2 as types
from teleport_client.model.access_request import AccessRequest

_MOST = 20_000


class KnownRequests:
    """Converts the requests of lists, each revision once."""

    def __init__(self, convert: Callable[[types.AccessRequestV3], AccessRequest]) -> None:
        self._convert = convert
        self._known: dict[str, tuple[str, AccessRequest]] = {}

    def convert(self, message: types.AccessRequestV3) -> AccessRequest:
        metadata = message.Metadata
        request_id, revision = metadata.Name, metadata.Revision
        known = self._known.get(request_id)
        if known is not None and revision and known[0] == revision:
            return known[1]
        converted = self._convert(message)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[request_id] = (revision, converted)
        return converted
