"""Calls for join tokens. The stand-in has no join service."""

from sandbox.teleport.calls.caller import Caller
from sandbox.teleport.errors import BadParameter, NotFound
from sandbox.teleport.state.cluster import Cluster
from sandbox.teleport.state.resources import with_revision
from teleport_client._proto.types_pb2 import ProvisionTokenV2, ProvisionTokenV2List

_MASKED = 0.75  # of a name (MaskKeyName in lib/backend/backend.go)


def get_token(cluster: Cluster, caller: Caller, name: str) -> ProvisionTokenV2:
    caller.require("token", "read")
    return _existing(cluster, name)


def get_tokens(cluster: Cluster, caller: Caller) -> ProvisionTokenV2List:
    caller.require("token", "list", "read")
    return ProvisionTokenV2List(ProvisionTokens=[it for _, it in sorted(cluster.tokens.items())])


def upsert_token(cluster: Cluster, caller: Caller, message: ProvisionTokenV2) -> None:
    caller.require("token", "create", "update")
    if not message.Metadata.Name:
        raise BadParameter("missing parameter Name")
    if not message.Spec.Roles:
        raise BadParameter("provisioning token is missing roles")
    token = with_revision(message)
    token.Kind, token.Version = "token", "v2"
    token.Spec.JoinMethod = token.Spec.JoinMethod or "token"
    cluster.tokens[token.Metadata.Name] = token


def delete_token(cluster: Cluster, caller: Caller, name: str) -> None:
    caller.require("token", "delete")
    _existing(cluster, name)
    del cluster.tokens[name]


def _existing(cluster: Cluster, name: str) -> ProvisionTokenV2:
    """Return a token. Raises NotFound with most of the name masked, because it is a secret."""
    if name not in cluster.tokens:
        hidden = int(len(name) * _MASKED)
        raise NotFound(f"provisioning token({'*' * hidden}{name[hidden:]}) not found")
    return cluster.tokens[name]
