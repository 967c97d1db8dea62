"""Plugin data (lib/services/local/plugin_data.go)."""

from collections.abc import Mapping

from grpc import StatusCode

from teleport_client._proto.authservice_pb2 import RequestID
from teleport_client._proto.types_pb2 import PluginDataFilter, PluginDataUpdateParams
from tests.server_rules.requesting import wanted
from tests.server_rules.server import UNSAFE_KEY, Server, auth, refusal


def _update(resource: str, data: Mapping[str, str]) -> PluginDataUpdateParams:
    return PluginDataUpdateParams(
        Kind="access_request", Resource=resource, Plugin="rules", Set=data
    )


async def plugin_data_has_a_size_limit(server: Server) -> None:
    bot = auth(server, "bot")
    made = await bot.CreateAccessRequestV2(wanted())
    update = _update(made.Metadata.Name, {"a": "x" * 1_000_000})
    assert await refusal(bot.UpdatePluginData(update)) == (
        StatusCode.INVALID_ARGUMENT,
        "plugin data size limit exceeded",
    )


async def plugin_data_outlives_its_request(server: Server) -> None:
    """It can also be written after the deletion."""
    bot = auth(server, "bot")
    made = await bot.CreateAccessRequestV2(wanted())
    name = made.Metadata.Name
    await bot.UpdatePluginData(_update(name, {"before": "1"}))
    await auth(server, "admin").DeleteAccessRequest(RequestID(ID=name))
    await bot.UpdatePluginData(_update(name, {"after": "2"}))
    query = PluginDataFilter(Kind="access_request", Resource=name, Plugin="rules")
    (data,) = (await bot.GetPluginData(query)).PluginData
    assert dict(data.Spec.Entries["rules"].Data) == {"before": "1", "after": "2"}


async def plugin_data_needs_a_resource(server: Server) -> None:
    call = auth(server, "bot").UpdatePluginData(_update("", {"a": "1"}))
    assert await refusal(call) == (
        StatusCode.INVALID_ARGUMENT,
        f'{UNSAFE_KEY}"/plugin_data/access_request//params"',
    )


async def message_over_four_megabytes_is_refused(server: Server) -> None:
    update = _update("x", {"a": "x" * 4_300_000})
    assert await refusal(auth(server, "bot").UpdatePluginData(update)) == (
        StatusCode.RESOURCE_EXHAUSTED,
        f"grpc: received message larger than max ({update.ByteSize()} vs. 4194304)",
    )
