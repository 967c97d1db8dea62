"""Plugin data: keys and values that a plugin stores on an access request.

A write is a compare-and-swap over single keys: Teleport applies it only if all expected values are
still stored. A read has no pages: one response carries the data of all plugins. Data can't be
watched.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from teleport_client._proto import types_pb2 as types
from teleport_client.model.cluster import PluginData
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE, LONGEST_DEADLINE

_KIND = "access_request"


class PluginDataService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth

    async def list(
        self, plugin: str, *, request_id: str = "", deadline: float = LONGEST_DEADLINE
    ) -> Mapping[str, PluginData]:
        """Return a plugin's data by request ID, of a single request if `request_id` is set."""
        response = await self._auth.GetPluginData(
            types.PluginDataFilter(Kind=_KIND, Resource=request_id, Plugin=plugin),
            timeout=deadline,
        )
        return plugin_data_from(response.PluginData, plugin)

    async def update(
        self,
        plugin: str,
        request_id: str,
        *,
        change: Mapping[str, str],
        expect: Mapping[str, str],
        deadline: float = DEADLINE,
    ) -> None:
        """Set keys if all of `expect` still hold; an empty value deletes, or expects absence.

        Raises Conflict if an expectation doesn't hold, and NotFound if there is no record yet and
        the request is gone. Without expectations Teleport checks nothing.
        """
        await self._auth.UpdatePluginData(
            types.PluginDataUpdateParams(
                Kind=_KIND, Resource=request_id, Plugin=plugin, Set=change, Expect=expect
            ),
            timeout=deadline,
        )


def plugin_data_from(
    records: Iterable[types.PluginDataV3], plugin: str
) -> Mapping[str, PluginData]:
    """Return one plugin's data by resource name: the server sends that of every plugin."""
    return MappingProxyType(
        {
            record.Metadata.Name: MappingProxyType(dict(record.Spec.Entries[plugin].Data))
            for record in records
            if plugin in record.Spec.Entries
        }
    )
