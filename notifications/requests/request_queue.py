"""The work queue of access requests, by request ID."""

from notifications.requests.followed_requests import request_key
from notifications.workqueue.work_queue import WorkQueue


class RequestQueue:
    """For code that works on access requests only, and names them by ID."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue = queue

    def add(self, request_id: str, *, high_priority: bool = True) -> None:
        self._queue.add(request_key(request_id), high_priority=high_priority)

    def retry(self, request_id: str, error: Exception, *, high_priority: bool) -> None:
        self._queue.retry(request_key(request_id), error, high_priority=high_priority)
