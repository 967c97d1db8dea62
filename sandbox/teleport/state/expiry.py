"""The service that deletes expired requests and plugin data.

From version 18, requests have no TTL in the backend. One Auth Service scans for expired requests,
so a watch gets the deletion up to some minutes late. In older versions the backend deleted them,
without a grace period for pending requests.
"""

import asyncio
import random
from datetime import datetime, timedelta

from sandbox.teleport.audit import events
from sandbox.teleport.calls.plugin_data import has_record_expired
from sandbox.teleport.editions import Features
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.request_expiry import has_expired
from teleport_client._proto.types_pb2 import PENDING, AccessRequestV3

SCAN_INTERVAL = timedelta(minutes=5)
_MOST_PER_SCAN = 120
_PENDING_GRACE = timedelta(seconds=40)
_JITTER = 1 / 7


async def scan_forever(cluster: Cluster, interval: timedelta) -> None:
    while True:
        shortening = random.uniform(0, _JITTER)
        await asyncio.sleep(interval.total_seconds() * (1 - shortening))
        scan(cluster)


def scan(cluster: Cluster) -> None:
    """Delete expired requests and plugin data once."""
    now = cluster.now()
    features = cluster.features
    due = [name for name, request in cluster.requests.items() if _due(request, now, features)]
    for name in due[:_MOST_PER_SCAN]:
        _delete(cluster, name)
    for key in [
        key for key, record in cluster.plugin_data.items() if has_record_expired(record, now)
    ]:
        del cluster.plugin_data[key]


def _delete(cluster: Cluster, name: str) -> None:
    """Delete a request. In older versions the backend deletes it, which is no event."""
    request = cluster.requests[name]
    cluster.requests.delete(name)
    if cluster.features.expiry_in_spec:
        cluster.audit.emit(events.request_expired(request))


def _due(request: AccessRequestV3, now: datetime, features: Features) -> bool:
    pending = features.expiry_in_spec and request.Spec.State == PENDING
    grace = _PENDING_GRACE if pending else timedelta()
    return has_expired(request, now - grace, features)
