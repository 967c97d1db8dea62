"""The cluster's version, features and public address."""

from teleport_client._proto import authservice_pb2 as proto
from teleport_client.model.cluster import ClusterInfo
from teleport_client.rpc.channel import RpcChannel
from teleport_client.rpc.limits import DEADLINE


class ClusterService:
    def __init__(self, channel: RpcChannel) -> None:
        self._auth = channel.auth

    async def ping(self, *, deadline: float = DEADLINE) -> ClusterInfo:
        return cluster_from(await self._auth.Ping(proto.PingRequest(), timeout=deadline))


def cluster_from(message: proto.PingResponse) -> ClusterInfo:
    return ClusterInfo(
        name=message.ClusterName,
        version=message.ServerVersion,
        public_address=message.ProxyPublicAddr,
        advanced_workflows=message.ServerFeatures.AdvancedAccessWorkflows,
    )
