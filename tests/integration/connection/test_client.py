"""The Teleport client over a real connection."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state import resources
from teleport_client import errors
from teleport_client._proto.types_pb2 import RequestState as WireState
from teleport_client.client import TeleportClient
from teleport_client.credentials.identity import load_identity_file
from teleport_client.model.access_request import NewAccessRequest, RequestState, Review
from teleport_client.model.event import Deleted, Put
from teleport_client.model.user import StaticAccess
from teleport_client.services.access_requests import ACCESS_REQUESTS
from teleport_client.transport.dialer import dial
from tests.integration.request_factory import pending_request

NO_SUCH_ID = "0190c0de-0000-7000-8000-00000000abcd"


@pytest.fixture
async def client(teleport: TeleportStandIn) -> AsyncIterator[TeleportClient]:
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        yield client


async def test_request_is_created_and_reviewed(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """The request has a user's name, and the bot submits the review."""
    until = datetime.now(UTC) + timedelta(hours=2)
    new = NewAccessRequest("alice", ("staging",), "why", until, ("bob",))
    tried = await client.requests.dry_run(new)
    assert tried.dry_run is not None
    assert not teleport.cluster.requests
    created = await client.requests.create(new)
    assert (created.user, created.roles, created.reason) == ("alice", ("staging",), "why")
    assert created.access_until is not None
    assert abs(created.access_until - until) < timedelta(seconds=2)
    reviewed = await client.requests.submit_review(
        created.id, Review("bob", RequestState.APPROVED, "fine")
    )
    assert (reviewed.state, reviewed.reviews[0].author) == (RequestState.APPROVED, "bob")
    assert reviewed.reviews[0].submitted_by == "bot-teleport-chatops"
    assert await client.requests.get(created.id) == reviewed
    with pytest.raises(errors.PermissionDenied):
        await client.requests.set_state(created.id, RequestState.DENIED, delegator="bob")


async def test_bot_with_the_verbs_resolves_and_deletes(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """On clusters without reviews, the resolution contains the approver's name."""
    role = teleport.cluster.roles["teleport-chatops"]
    for rule in role.Spec.Allow.Rules:
        if "access_request" in rule.Resources:
            rule.Verbs.extend(["update", "delete"])
    request = pending_request(teleport)
    request_id = request.Metadata.Name
    await client.requests.set_state(request_id, RequestState.DENIED, delegator="bob", reason="no")
    assert (await client.requests.get(request_id)).resolve_reason == "no"
    await client.requests.delete(request_id)
    with pytest.raises(errors.NotFound):
        await client.requests.get(request_id)


async def test_lists_are_read_page_by_page(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Lists are complete, newest first to the second, and filtered by user and state."""
    for number in range(450):
        pending_request(
            teleport, user=f"u{number % 3}", age=timedelta(seconds=number),
            state=WireState.DENIED if number % 2 else WireState.PENDING,
        )  # fmt: skip
    everything = await client.requests.list()
    assert len(everything) == 450
    created = [int(request.created.timestamp()) for request in everything if request.created]
    assert created == sorted(created, reverse=True)
    assert len(teleport.journal.of("ListAccessRequests")) == 3
    some = await client.requests.list(user="u1", state=RequestState.DENIED)
    assert {(request.user, request.state) for request in some} == {("u1", RequestState.DENIED)}


async def test_too_large_page_is_requested_in_smaller_pages(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """The list stays complete."""
    for number in range(30):
        pending_request(teleport, age=timedelta(seconds=number))
    too_large = "grpc: received message larger than max"
    teleport.faults.add(
        "ListAccessRequests", grpc.StatusCode.RESOURCE_EXHAUSTED, details=too_large, times=4
    )
    assert len(await client.requests.list()) == 30
    limits = [call.request.Limit for call in teleport.journal.of("ListAccessRequests")]  # type: ignore[attr-defined]
    assert limits[:5] == [200, 100, 50, 25, 12]


async def test_client_never_lists_with_a_limit_below_one(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """A negative limit crashes the Auth Service."""
    pending_request(teleport)
    teleport.faults.add("ListAccessRequests", grpc.StatusCode.RESOURCE_EXHAUSTED, times=100)
    with pytest.raises(errors.LimitExceeded):
        await client.requests.list()
    calls = teleport.journal.of("ListAccessRequests")
    assert [call.request.Limit for call in calls] == [200, 100, 50, 25, 12, 6, 3, 1]  # type: ignore[attr-defined]


async def test_watch_returns_changes_since_its_start(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Events contain complete requests, or the IDs of deleted requests."""
    before = pending_request(teleport)
    async with client.events.watch(ACCESS_REQUESTS) as events:
        made = pending_request(teleport, reason="new")
        teleport.cluster.delete_request(before.Metadata.Name)
        put, deleted = await anext(events), await anext(events)
    assert isinstance(put, Put)
    assert (put.resource.id, put.resource.reason) == (made.Metadata.Name, "new")
    assert deleted == Deleted(before.Metadata.Name)


async def test_unconfirmed_watch_times_out(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """INIT may never arrive."""
    teleport.faults.add("WatchEvents", delay=5)
    with pytest.raises(errors.Unreachable, match="did not confirm the watch"):
        async with client.events.watch(ACCESS_REQUESTS, deadline=0.2):
            pass


async def test_cut_watch_raises(client: TeleportClient, teleport: TeleportStandIn) -> None:
    """A watch that the server ends returns normally."""
    with pytest.raises(errors.Unreachable, match="slow"):
        async with client.events.watch(ACCESS_REQUESTS) as events:
            teleport.faults.cut_watches(grpc.StatusCode.UNAVAILABLE, "slow")
            await anext(events)
    async with client.events.watch(ACCESS_REQUESTS) as events:
        teleport.faults.cut_watches()
        assert [event async for event in events] == []


async def test_plugin_data_is_written_by_compare_and_swap(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """The second of two writers gets an error."""
    request_id = pending_request(teleport).Metadata.Name
    await client.plugin_data.update("p", request_id, change={"k": "1"}, expect={"k": ""})
    with pytest.raises(errors.Conflict):
        await client.plugin_data.update("p", request_id, change={"k": "2"}, expect={"k": ""})
    assert await client.plugin_data.list("p") == {request_id: {"k": "1"}}
    assert await client.plugin_data.list("p", request_id=request_id) == {request_id: {"k": "1"}}
    assert await client.plugin_data.list("other") == {}
    with pytest.raises(errors.NotFound):
        await client.plugin_data.update("p", NO_SUCH_ID, change={"k": "1"}, expect={"k": ""})


async def test_lease_has_a_single_holder(client: TeleportClient) -> None:
    """It is free again after its cancellation or expiry."""
    soon = datetime.now(UTC) + timedelta(seconds=20)
    lease = await client.semaphores.acquire("k", "n", holder="one", expires=soon)
    with pytest.raises(errors.LimitExceeded):
        await client.semaphores.acquire("k", "n", holder="two", expires=soon)
    later = soon + timedelta(seconds=20)
    kept = await client.semaphores.renew(lease, expires=later)
    assert kept.expires == later
    await client.semaphores.cancel(kept)
    second = await client.semaphores.acquire("k", "n", holder="two", expires=soon)
    assert second.id != lease.id
    with pytest.raises(errors.NotFound):
        await client.semaphores.renew(lease, expires=later)


@pytest.mark.parametrize("version", ["19.1.0", "17.4.0"])
async def test_users_are_found_by_trait_when_the_server_ignores_it(
    tmp_path_factory: pytest.TempPathFactory, version: str
) -> None:
    """Old servers ignore the filter and return all users, page by page."""
    folder = tmp_path_factory.mktemp("old")
    teleport = await TeleportStandIn.start(folder, server_version=version)
    for number in range(450):
        teleport.cluster.add_user(f"user-{number}", ["dev"], {"slack_uid": [f"U{number}"]})
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    async with TeleportClient(dial(teleport.address, lambda: credentials)) as client:
        (found,) = await client.users.find_by_trait("slack_uid", "U0BOB00001")
        assert found.name == "bob"
        (late,) = await client.users.find_by_trait("slack_uid", "U449")
        assert late.name == "user-449"
        assert await client.users.find_by_trait("slack_uid", "U0") != ()
        assert await client.users.find_by_trait("slack_uid", "nobody") == ()
    await teleport.stop()


async def test_login_state_returns_roles_of_the_last_login(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """A user without a login has no login state."""
    assert await client.users.get_login_state("alice") is None
    teleport.cluster.login_states["alice"] = resources.login_state("alice", ["dev", "reviewer"])
    assert await client.users.get_login_state("alice") == StaticAccess(("dev", "reviewer"), {})


async def test_users_named_ignores_case(client: TeleportClient, teleport: TeleportStandIn) -> None:
    """A name that only contains the wanted one doesn't match."""
    for name in ("Zoe@example.com", "zoe@Example.com", "zoe@example.com.au"):
        teleport.cluster.add_user(name, ["dev"])
    found = await client.users.find_by_name("ZOE@example.com")
    assert {user.name for user in found} == {"Zoe@example.com", "zoe@Example.com"}
    assert await client.users.find_by_name("nobody") == ()


async def test_capabilities_are_those_of_the_named_user(client: TeleportClient) -> None:
    assert (await client.requests.get_capabilities("alice")).requestable_roles == (
        "prod",
        "staging",
    )
    assert (await client.requests.get_capabilities("bob")).requestable_roles == ("staging",)


async def test_roles_are_read_with_their_permissions(client: TeleportClient) -> None:
    """Cover the roles that they review, and their verbs."""
    assert (await client.roles.get("reviewer")).allow.review.roles == ("staging", "prod")
    with pytest.raises(errors.NotFound):
        await client.roles.get("nobody")


async def test_ping_returns_cluster_name_version_and_features(client: TeleportClient) -> None:
    cluster = await client.cluster.ping()
    assert (cluster.name, cluster.version) == ("main", "19.1.0")
    assert cluster.request_url_base == "https://teleport.example.com/web/requests/"


async def test_closed_client_raises_unreachable(teleport: TeleportStandIn) -> None:
    """The error is the same as for a failed connection."""
    credentials = load_identity_file(teleport.identity("bot"), datetime.now(UTC))
    client = TeleportClient(dial(teleport.address, lambda: credentials))
    await client.close()
    with pytest.raises(errors.Unreachable, match="is closed"):
        await client.cluster.ping()


async def test_call_ends_at_its_deadline(client: TeleportClient, teleport: TeleportStandIn) -> None:
    teleport.faults.add("Ping", delay=5)
    with pytest.raises(errors.Unreachable) as late:
        await client.cluster.ping(deadline=0.2)
    assert late.value.code == "DEADLINE_EXCEEDED"


async def test_failed_dry_run_can_be_repeated(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """Dry run and creation are the same method, but only the dry run changes nothing."""
    new = NewAccessRequest("alice", ("staging",), "why")
    teleport.faults.add("CreateAccessRequestV2", delay=5)
    with pytest.raises(errors.Unreachable) as dry_run:
        await client.requests.dry_run(new, deadline=0.2)
    teleport.faults.add("CreateAccessRequestV2", delay=5)
    with pytest.raises(errors.Unreachable) as creation:
        await client.requests.create(new, deadline=0.2)
    assert (dry_run.value.retry_safe, creation.value.retry_safe) == (True, False)


async def test_services_use_the_new_connection_after_reconnect(
    client: TeleportClient, teleport: TeleportStandIn
) -> None:
    """A service keeps its stubs for life. The watch stays on the old connection."""
    roles = client.roles
    async with client.events.watch(ACCESS_REQUESTS) as events:
        client.reconnect()
        assert (await roles.get("reviewer")).name == "reviewer"
        request = pending_request(teleport)
        assert isinstance(await anext(events), Put)
        assert (await client.requests.get(request.Metadata.Name)).user == "alice"
