"""When an approval can start the access (ValidateAssumeStartTime in api/types/access_request.go).

Not before the request was created, before the end of the access, and at most seven days after the
creation.
"""

from datetime import datetime, timedelta

from teleport_client.model.access_request import AccessRequest

LATEST_START = timedelta(days=7)
"""Time from the creation (MaxAssumeStartDuration in api/constants)."""


def is_after_end(start: datetime, request: AccessRequest) -> bool:
    """Return whether access would end before it starts."""
    return request.access_until is not None and start >= request.access_until


def is_before_requested(start: datetime, request: AccessRequest) -> bool:
    """Return whether access would start earlier than requested. A form has no seconds.

    Teleport accepts such a start, but the access would last longer than the requester asked for.
    """
    requested = request.assume_start
    return requested is not None and start < requested.replace(second=0, microsecond=0)


def is_too_late(start: datetime, request: AccessRequest) -> bool:
    """Return whether a start before the end of access is later than Teleport allows."""
    return request.created is not None and start > request.created + LATEST_START
