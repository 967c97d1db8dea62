"""Plugin data: compare-and-swap, permissions to read and write, and lifetime."""

from datetime import timedelta

import pytest
from grpc import StatusCode

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from sandbox.teleport.timestamps import moment
from teleport_client._proto.types_pb2 import (
    AccessRequestV3,
    PluginDataFilter,
    PluginDataUpdateParams,
)
from tests.sandbox.teleport.standin_client import Auth, Clock, refused, wanted

KIND = "access_request"
PLUGIN = "teleport-chatops/T1"


@pytest.fixture
async def made(alice: Auth) -> AccessRequestV3:
    return await alice.CreateAccessRequestV2(wanted("alice", "staging"))


def update(
    request: AccessRequestV3,
    values: dict[str, str],
    expect: dict[str, str] | None = None,
    *,
    plugin: str = PLUGIN,
) -> PluginDataUpdateParams:
    return PluginDataUpdateParams(
        Kind=KIND, Resource=request.Metadata.Name, Plugin=plugin, Set=values, Expect=expect
    )


async def stored(
    auth: Auth, request: AccessRequestV3, plugin: str = PLUGIN
) -> dict[str, dict[str, str]]:
    """All plugins' maps of the record, if the named plugin has one."""
    query = PluginDataFilter(Kind=KIND, Resource=request.Metadata.Name, Plugin=plugin)
    answer = await auth.GetPluginData(query)
    return {
        name: dict(entry.Data)
        for record in answer.PluginData
        for name, entry in record.Spec.Entries.items()
    }


async def test_set_keeps_other_keys(bot: Auth, made: AccessRequestV3) -> None:
    """Setting a key leaves the others; an empty value removes one; the last takes the map."""
    await bot.UpdatePluginData(update(made, {"a": "1", "b": "2"}))
    await bot.UpdatePluginData(update(made, {"b": "3"}))
    assert await stored(bot, made) == {PLUGIN: {"a": "1", "b": "3"}}
    await bot.UpdatePluginData(update(made, {"a": ""}))
    assert await stored(bot, made) == {PLUGIN: {"b": "3"}}
    await bot.UpdatePluginData(update(made, {"b": ""}))
    assert await stored(bot, made) == {}


async def test_compare_and_swap(bot: Auth, made: AccessRequestV3) -> None:
    """Of two writers with the same expectation, the second one loses and changes nothing."""
    await bot.UpdatePluginData(update(made, {"rev": "1"}, {"rev": ""}))
    assert await refused(bot.UpdatePluginData(update(made, {"rev": "1"}, {"rev": ""}))) == (
        StatusCode.FAILED_PRECONDITION,
        'expectations not met for field "rev"',
    )
    await bot.UpdatePluginData(update(made, {"rev": "2"}, {"rev": "1"}))
    assert await stored(bot, made) == {PLUGIN: {"rev": "2"}}


async def test_expecting_something_of_nothing(bot: Auth, made: AccessRequestV3) -> None:
    """A plugin without a map meets expectations of absence only."""
    code, _ = await refused(bot.UpdatePluginData(update(made, {"rev": "2"}, {"rev": "1"})))
    assert code == StatusCode.FAILED_PRECONDITION


async def test_plugins_share_the_record(bot: Auth, made: AccessRequestV3) -> None:
    """A filter by plugin checks that its map exists; the response contains all maps."""
    await bot.UpdatePluginData(update(made, {"a": "1"}))
    await bot.UpdatePluginData(update(made, {"x": "9"}, plugin="slack"))
    assert await stored(bot, made) == {PLUGIN: {"a": "1"}, "slack": {"x": "9"}}
    assert await stored(bot, made, plugin="jira") == {}


async def test_every_record_at_once(bot: Auth, made: AccessRequestV3, alice: Auth) -> None:
    """Without a resource the answer holds every record that has the plugin's map."""
    other = await alice.CreateAccessRequestV2(wanted("alice", "staging"))
    for request in (made, other):
        await bot.UpdatePluginData(update(request, {"a": "1"}))
    answer = await bot.GetPluginData(PluginDataFilter(Kind=KIND, Plugin=PLUGIN))
    names = {record.Metadata.Name for record in answer.PluginData}
    assert names == {made.Metadata.Name, other.Metadata.Name}
    assert {record.SubKind for record in answer.PluginData} == {KIND}


async def test_request_must_exist_at_first(bot: Auth, made: AccessRequestV3) -> None:
    """The first write needs the request."""
    gone = wanted("alice", name="gone")
    assert await refused(bot.UpdatePluginData(update(gone, {"a": "1"}))) == (
        StatusCode.NOT_FOUND,
        'no access request matching "gone"',
    )


async def test_outlives_the_request(
    stand_in: TeleportStandIn, bot: Auth, made: AccessRequestV3, clock: Clock
) -> None:
    """The data can be read and written after the request is gone, an hour beyond the access."""
    await bot.UpdatePluginData(update(made, {"a": "1"}))
    record = stand_in.cluster.plugin_data[KIND, made.Metadata.Name]
    assert moment(record.Metadata.Expires) == moment(made.Spec.Expires) + timedelta(hours=1)
    stand_in.cluster.delete_request(made.Metadata.Name)
    await bot.UpdatePluginData(update(made, {"a": "2"}, {"a": "1"}))
    assert await stored(bot, made) == {PLUGIN: {"a": "2"}}
    clock.advance(hours=31)
    assert await stored(bot, made) == {}
    code, _ = await refused(bot.UpdatePluginData(update(made, {"a": "3"})))
    assert code == StatusCode.NOT_FOUND


async def test_kinds(bot: Auth) -> None:
    """Only access requests and access lists have plugin data; lists need not be known."""
    assert await refused(bot.GetPluginData(PluginDataFilter(Kind="node"))) == (
        StatusCode.INVALID_ARGUMENT,
        'unsupported resource kind "node"',
    )
    await bot.UpdatePluginData(
        PluginDataUpdateParams(Kind="access_list", Resource="l", Plugin="p", Set={"a": "1"})
    )
    answer = await bot.GetPluginData(PluginDataFilter(Kind="access_list", Resource="l"))
    assert len(answer.PluginData) == 1


async def test_permission(stand_in: TeleportStandIn, bob: Auth, made: AccessRequestV3) -> None:
    """A verb on access requests themselves is as good as one on plugin data."""
    denied = StatusCode.PERMISSION_DENIED
    assert await refused(bob.UpdatePluginData(update(made, {"a": "1"}))) == (
        denied,
        'access denied to perform action "update" on "access_plugin_data"',
    )
    rules = stand_in.cluster.roles["dev"].Spec.Allow.Rules
    rules.append(rule("access_request", "update", "list"))
    await bob.UpdatePluginData(update(made, {"a": "1"}))
    code, _ = await refused(bob.GetPluginData(PluginDataFilter(Kind=KIND)))
    assert code == denied
    rules.append(rule("access_plugin_data", "read"))
    assert await stored(bob, made) == {PLUGIN: {"a": "1"}}
