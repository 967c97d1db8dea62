"""Names in the settings that don't exist in Teleport."""

from pathlib import Path

from grpc import StatusCode

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RoleV6
from tests.integration.clusters import run_cluster
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import decisions

FASTER = "[pace]\nfactor = 50.0\n"


def create_role(teleport: TeleportStandIn, name: str) -> None:
    role = RoleV6()
    role.CopyFrom(teleport.cluster.roles["dev"])
    role.Metadata.Name = name
    teleport.cluster.roles[name] = role


async def test_unknown_link_only_role_stops_reviews_until_it_exists(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The misspelled name can mean any role, so no card gets buttons."""

    def misspell_names(text: str) -> str:
        return text.replace("[review]\n", '[review]\nlink_only_roles = ["prdo"]\n') + FASTER

    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, change=misspell_names) as (
        stage,
        log,
    ):
        (unknown,) = log.all("guarding_roles_unknown")
        assert unknown["roles"] == ["prdo"]
        named = await log.first("unknown_name_in_settings")
        assert (named["setting"], named["suggestion"]) == ("review.link_only_roles", "prod")
        await stage.type("alice", "/teleport-request staging because redis 1")
        card = await stage.card("redis 1")
        assert not decisions(card)
        create_role(stage.teleport, "prdo")
        await stage.card_where(card["ts"], decisions)
        assert (await log.first("guarding_roles_known"))["roles"] == ["prdo"]


async def test_click_is_rejected_while_a_link_only_role_is_unknown(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """Cards from before the start can still have buttons."""

    def misspell_names(text: str) -> str:
        return text.replace("[review]\n", '[review]\nlink_only_roles = ["prdo"]\n')

    async with run_cluster(slack, tmp_path, Edition.ENTERPRISE, change=misspell_names) as (
        stage,
        _,
    ):
        request = pending_request(stage.teleport).Metadata.Name
        await stage.type("bob", f"/teleport-approve {request}")
        await stage.response("bob", "can't be reviewed from Slack")
        assert not stage.request(request).Spec.Reviews


async def test_default_approvers_cannot_override_with_an_unknown_role(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The intended role has its own approvers."""

    def misspell_names(text: str) -> str:
        return text.replace('"*" = ["bob", "carol"]', '"*" = ["bob"]\nprdo = ["carol"]') + FASTER

    async with run_cluster(slack, tmp_path, Edition.COMMUNITY, change=misspell_names) as (
        stage,
        log,
    ):
        assert log.all("guarding_roles_unknown")
        await stage.type("alice", "/teleport-request staging because redis 1")
        card = await stage.card("redis 1")
        assert not decisions(card)
        create_role(stage.teleport, "prdo")
        await stage.card_where(card["ts"], decisions)


async def test_unknown_names_are_logged_with_the_closest_match(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    def misspell_names(text: str) -> str:
        text = text.replace('"*" = ["bob", "carol"]', '"*" = ["bobby", "role:reviewr"]')
        text = text.replace('trait = "slack_uid"', 'trait = "slackid"')
        return text.replace("[role_to_recipients]\n", '[role_to_recipients]\nprdo = "general"\n')

    async with run_cluster(slack, tmp_path, Edition.COMMUNITY, change=misspell_names) as (_, log):
        await log.until("unknown_name_in_settings", 4)
        found = {
            (e["setting"], e["value"]): e["suggestion"] for e in log.all("unknown_name_in_settings")
        }
    assert found == {
        ("role_to_recipients", "prdo"): "prod",
        ("role_to_approvers", "bobby"): "bob",
        ("role_to_approvers", "reviewr"): "reviewer",
        ("review.slack_user_id_trait", "slackid"): "slack_uid",
    }


async def test_unreadable_link_only_role_stops_reviews_until_read(
    slack: SlackStandIn, tmp_path: Path
) -> None:
    """The role may not exist, so reviews wait for Teleport's response."""

    def set_link_only(text: str) -> str:
        return text.replace("[review]\n", '[review]\nlink_only_roles = ["prod"]\n') + FASTER

    def fail_role_reads(teleport: TeleportStandIn) -> None:
        # The first read is that of the bot's own role.
        for _ in range(2):
            teleport.faults.add("GetRole", StatusCode.INTERNAL)

    async with run_cluster(
        slack, tmp_path, Edition.ENTERPRISE, change=set_link_only, prepare=fail_role_reads
    ) as (
        stage,
        log,
    ):
        assert log.all("guarding_role_read_failed")
        await log.first("guarding_roles_known")
        await stage.type("alice", "/teleport-request staging because redis 1")
        assert decisions(await stage.card("redis 1"))
