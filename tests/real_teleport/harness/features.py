"""The features of a server: detected by its responses, and expected by its edition and version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import grpc

from teleport_client._proto.authservice_pb2 import ListAccessRequestsRequest
from teleport_client._proto.authservice_pb2_grpc import AuthServiceStub
from tests.real_teleport.harness.cluster import Cluster
from tests.real_teleport.harness.not_applicable import not_applicable
from tests.real_teleport.harness.product import product

_ENTERPRISE = "ent"


class Feature(Enum):
    """Something that only some servers can do."""

    LIST_REQUESTS = "ListAccessRequests"
    ADVANCED_WORKFLOWS = "thresholds, review_requests and search_as_roles in roles"
    ON_BEHALF_REVIEWS = "submit_for_users in roles"


@dataclass(frozen=True)
class ServerFeatures:
    version: str
    edition: str
    """`ent`, `community` or `oss`, as the proxy reports it."""
    missing: Mapping[Feature, str]
    """Features that the server doesn't have, with its responses."""

    def __str__(self) -> str:
        return f"Teleport {self.version}, edition {self.edition}"

    def require(self, feature: Feature) -> None:
        """End the test as not applicable if the server does not have a feature."""
        if feature in self.missing:
            not_applicable(f"no {feature.value}: {self.missing[feature]}")

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The version, such as (17, 0, 0)."""
        found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", self.version)
        assert found is not None, self.version
        major, minor, patch = map(int, found.groups())
        return major, minor, patch

    @property
    def expected_missing(self) -> set[Feature]:
        """Return the features that servers of this edition and version don't have."""
        missing = set()
        if self.numbers < (16, 0, 0):
            missing.add(Feature.LIST_REQUESTS)
        if self.edition != _ENTERPRISE:
            missing.add(Feature.ADVANCED_WORKFLOWS)
        if self.edition != _ENTERPRISE or self.numbers < (18, 11, 0):
            missing.add(Feature.ON_BEHALF_REVIEWS)
        return missing


async def detect_features(cluster: Cluster, admin: grpc.aio.Channel) -> ServerFeatures:
    """Try each feature. `admin` may list access requests."""
    responses = {
        Feature.LIST_REQUESTS: await _list_requests(admin),
        Feature.ADVANCED_WORKFLOWS: await _create_role(cluster, _THRESHOLDS),
        Feature.ON_BEHALF_REVIEWS: await _create_person_role(cluster),
    }
    return ServerFeatures(
        version=(await cluster.ping())["server_version"],
        edition=await cluster.edition(),
        missing={feature: response for feature, response in responses.items() if response},
    )


_PROBE = "real-teleport-probe"
_THRESHOLDS: dict[str, Any] = {
    "kind": "role",
    "version": "v7",
    "metadata": {"name": _PROBE},
    "spec": {
        "allow": {
            "request": {"roles": ["access"], "thresholds": [{"approve": 2, "deny": 1}]},
            "review_requests": {"roles": ["access"]},
        }
    },
}


async def _list_requests(admin: grpc.aio.Channel) -> str:
    try:
        await AuthServiceStub(admin).ListAccessRequests(ListAccessRequestsRequest())
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
            raise
        return error.details() or "UNIMPLEMENTED"
    return ""


async def _create_role(cluster: Cluster, role: Mapping[str, Any]) -> str:
    """Return the server's objection to a role, or nothing."""
    created = await cluster.attempt_to_create(role)
    await cluster.attempt("rm", f"roles/{_PROBE}")
    return _objection(created.err) if created.code else ""


async def _create_person_role(cluster: Cluster) -> str:
    """Return the server's objection to the role for reviews on behalf of users."""
    printed = await product("teleport-role", "--mode", "person")
    role = printed.out.split("---")[0]
    created = await cluster.attempt("create", "-f", stdin=role)
    if created.code:
        return _objection(created.err)
    stored = await cluster.tctl("get", "roles/teleport-chatops", "--format=json")
    return "" if "submit_for_users" in stored else "the server drops submit_for_users"


def _objection(stderr: str) -> str:
    """Return the last line of an error without its color."""
    return re.sub(r"\x1b\[\d*m", "", stderr).strip().splitlines()[-1].removeprefix("ERROR: ")
