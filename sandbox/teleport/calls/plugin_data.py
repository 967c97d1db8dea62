"""GetPluginData and UpdatePluginData.

Each resource has one record with a map per plugin. As in Teleport, a caller with permission to
write plugin data can write any plugin's map.

An update is a compare-and-swap. The server checks all expectations before it applies the first
change, so an update succeeds completely or changes nothing.
"""

import json
from datetime import datetime, timedelta

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.errors import (
    AccessDenied,
    BadParameter,
    CompareFailed,
    NotFound,
)
from sandbox.teleport.go_text import quoted
from sandbox.teleport.state.backend_keys import backend_key
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import ACCESS_REQUEST
from sandbox.teleport.timestamps import moment, stamp
from teleport_client._proto.authservice_pb2 import PluginDataSeq
from teleport_client._proto.types_pb2 import (
    Metadata,
    PluginDataFilter,
    PluginDataSpecV3,
    PluginDataUpdateParams,
    PluginDataV3,
)

_ACCESS_LIST = "access_list"
_KIND = "access_plugin_data"
_LARGEST = 1_000_000  # bytes of JSON, teleport.MaxResourceSize
_OUTLIVES_ACCESS = timedelta(hours=1)
_ACCESS_LIST_LIFETIME = timedelta(days=14)


def get_plugin_data(cluster: Cluster, caller: Caller, query: PluginDataFilter) -> PluginDataSeq:
    """Return each record with a map of the named plugin, including the other plugins' maps."""
    _check_kind(query.Kind)
    for verb in ("list", "read"):
        _require(caller, query.Kind, verb)
    now = cluster.now()
    return PluginDataSeq(
        PluginData=[
            record
            for (kind, name), record in cluster.plugin_data.items()
            if kind == query.Kind
            and query.Resource in ("", name)
            and (not query.Plugin or query.Plugin in record.Spec.Entries)
            and not has_record_expired(record, now)
        ]
    )


def update_plugin_data(cluster: Cluster, caller: Caller, update: PluginDataUpdateParams) -> None:
    """Compare and swap. Raises CompareFailed if an expectation isn't met."""
    _check_kind(update.Kind)
    _require(caller, update.Kind, "update")
    backend_key("plugin_data", update.Kind, update.Resource, "params")
    record = PluginDataV3()
    record.CopyFrom(_present(cluster, update) or _new(cluster, update))
    _check_expectations(record.Spec, update)
    _apply(record.Spec, update)
    if _stored_size(record) > _LARGEST:
        raise BadParameter("plugin data size limit exceeded")
    if update.Kind == _ACCESS_LIST:
        record.Metadata.Expires.CopyFrom(stamp(cluster.now() + _ACCESS_LIST_LIFETIME))
    cluster.plugin_data[update.Kind, update.Resource] = record


def has_record_expired(record: PluginDataV3, now: datetime) -> bool:
    return moment(record.Metadata.Expires) <= now


def _stored_size(record: PluginDataV3) -> int:
    """Return the approximate size in the backend, which stores JSON."""
    entries = {plugin: dict(entry.Data) for plugin, entry in record.Spec.Entries.items()}
    return len(json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode())


def _check_kind(kind: str) -> None:
    if kind not in (ACCESS_REQUEST, _ACCESS_LIST):
        raise BadParameter(f"unsupported resource kind {quoted(kind)}")


def _require(caller: Caller, kind: str, verb: str) -> None:
    """Accept a rule on the resource itself instead of a rule on plugin data."""
    if not (caller.allows(kind, verb) or caller.allows(_KIND, verb)):
        raise AccessDenied(f"access denied to perform action {quoted(verb)} on {quoted(_KIND)}")


def _present(cluster: Cluster, update: PluginDataUpdateParams) -> PluginDataV3 | None:
    record = cluster.plugin_data.get((update.Kind, update.Resource))
    return None if record is None or has_record_expired(record, cluster.now()) else record


def _new(cluster: Cluster, update: PluginDataUpdateParams) -> PluginDataV3:
    expires = cluster.now() + _ACCESS_LIST_LIFETIME
    if update.Kind == ACCESS_REQUEST:
        request = cluster.requests.get(update.Resource)
        if request is None:
            raise NotFound(f"no access request matching {quoted(update.Resource)}")
        expires = moment(request.Spec.Expires) + _OUTLIVES_ACCESS
    return PluginDataV3(
        Kind="plugin_data",
        SubKind=update.Kind,
        Version="v3",
        Metadata=Metadata(Name=update.Resource, Namespace="default", Expires=stamp(expires)),
        Spec=PluginDataSpecV3(),
    )


def _check_expectations(spec: PluginDataSpecV3, update: PluginDataUpdateParams) -> None:
    """Check the expectations. An empty value expects no value; a missing map expects nothing."""
    present = dict(spec.Entries[update.Plugin].Data) if update.Plugin in spec.Entries else {}
    for key, value in update.Expect.items():
        if present.get(key, "") != value:
            raise CompareFailed(f"expectations not met for field {quoted(key)}")


def _apply(spec: PluginDataSpecV3, update: PluginDataUpdateParams) -> None:
    """Apply the changes. An empty value deletes its key; a map without keys is deleted."""
    data = spec.Entries[update.Plugin].Data
    for key, value in update.Set.items():
        if value:
            data[key] = value
        else:
            data.pop(key, None)
    if not data:
        del spec.Entries[update.Plugin]
