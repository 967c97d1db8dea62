"""Roles follow Teleport through the generic follower, beside access requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import grpc

from notifications.following.follower import Follower, FollowTiming
from notifications.requests.followed_requests import AccessRequests
from notifications.workqueue.key import Key
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import Metadata as RoleMetadata
from teleport_client._proto.types_pb2 import RoleConditions, RoleSpecV6, RoleV6, Rule
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.access_request import AccessRequest
from teleport_client.model.user import Role
from teleport_client.transport.dialer import dial
from teleport_client.visibility import Visibility
from tests.integration import role_follower
from tests.integration.request_factory import pending_request
from tests.integration.role_follower import follow_roles
from tests.patience import PATIENCE_SECONDS
from workspace.backoff import Backoff
from workspace.conditions import Component, Conditions

_TIMING = FollowTiming(relist_soon=0.2, backoff=Backoff(first=0.05, longest=0.1))


@dataclass(frozen=True)
class Followed:
    """Followers of both kinds, and the keys that they report."""

    roles: Follower[Role]
    requests: Follower[AccessRequest]
    watch: Component
    """Condition of the watch on roles."""
    reported: "asyncio.Queue[Key]" = field(default_factory=asyncio.Queue)

    def report(self, key: Key, *, high_priority: bool) -> None:  # noqa: ARG002 - a handler gets it
        self.reported.put_nowait(key)

    async def until(self, key: Key) -> None:
        while await self.reported.get() != key:
            pass


@asynccontextmanager
async def follow_both(teleport: TeleportStandIn) -> AsyncIterator[Followed]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        conditions = Conditions()
        watch = conditions.component("roles", optional=True)
        requests = Follower(
            AccessRequests(client, Visibility(client.roles, lambda: credentials.roles)),
            reconnected=client.reconnected,
            condition=conditions.component("watch"),
            timing=_TIMING,
        )
        followed = Followed(follow_roles(client, watch, _TIMING), requests, watch)
        followed.roles.on_change(followed.report)
        requests.on_change(followed.report)
        running = [asyncio.create_task(each.run()) for each in (followed.roles, requests)]
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield followed
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def role(name: str, *verbs: str) -> RoleV6:
    rules = [Rule(Resources=["node"], Verbs=verbs)] if verbs else []
    allow = RoleConditions(Rules=rules)
    return RoleV6(
        Kind="role", Version="v7", Metadata=RoleMetadata(Name=name), Spec=RoleSpecV6(Allow=allow)
    )


def set_role_verbs(teleport: TeleportStandIn, *verbs: str) -> None:
    for rule in teleport.cluster.roles["teleport-chatops"].Spec.Allow.Rules:
        if "role" in rule.Resources:
            rule.Verbs[:] = verbs


async def test_second_kind_needs_fewer_than_forty_lines() -> None:
    assert role_follower.__file__ is not None
    assert len(Path(role_follower.__file__).read_text().splitlines()) < 40


async def test_second_kind_follows_list_event_break_and_deletion(
    teleport: TeleportStandIn,
) -> None:
    teleport.cluster.put_role(role("listed"))
    teleport.cluster.put_role(role("deleted-in-break"))
    async with follow_both(teleport) as followed:
        roles = followed.roles
        await roles.synced.wait()
        assert roles.get("listed")
        teleport.cluster.put_role(role("listed", "list"))
        await followed.until(Key("role", "listed"))
        while not (cached := roles.get("listed")) or not cached.object.allow.rules:
            await followed.until(Key("role", "listed"))
        teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE)
        del teleport.cluster.roles["deleted-in-break"]
        teleport.cluster.put_role(role("created-in-break"))
        await followed.until(Key("role", "created-in-break"))
        while roles.get("deleted-in-break"):
            await followed.until(Key("role", "deleted-in-break"))
        teleport.cluster.delete_role("listed")
        while roles.get("listed"):
            await followed.until(Key("role", "listed"))
        last_known = roles.last_known("listed")
        assert last_known
        assert last_known.allow.rules


async def test_denied_kind_is_retried_and_stops_no_other(teleport: TeleportStandIn) -> None:
    set_role_verbs(teleport, "list")
    async with follow_both(teleport) as followed:
        await followed.requests.synced.wait()
        await teleport.journal.wait_for_call("WatchEvents", count=4, ended=True)
        request = pending_request(teleport)
        await followed.until(Key("access_request", request.Metadata.Name))
        assert not followed.roles.synced.is_set()
        assert 'access denied to perform action "read" on "role"' in followed.watch.reason
        set_role_verbs(teleport, "list", "read")
        await followed.roles.synced.wait()
        assert followed.roles.get("teleport-chatops")
        assert followed.watch.is_ready
