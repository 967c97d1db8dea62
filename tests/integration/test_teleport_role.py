"""The role that the bot asks for is enough, and no more than that."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.teleport_role import Rule, bot, resources, role, rules, tbot
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.resources import rule
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import RoleConditions
from tests.integration.clusters import cluster
from tests.integration.stage import words
from workspace.deciding import Mode

DEPLOY = Path(__file__).parent.parent.parent / "deploy"


def give(teleport: TeleportStandIn, allowed: Iterable[Rule], *, submit: bool) -> None:
    """Give the bot this role and nothing else."""
    conditions = RoleConditions(Rules=[rule(each.resource, *each.verbs) for each in allowed])
    if submit:
        conditions.ReviewRequests.SubmitForUsers.append("*")
    teleport.cluster.roles["teleport-chatops"].Spec.Allow.CopyFrom(conditions)


@pytest.mark.parametrize(
    ("mode", "edition"), [(Mode.PERSON, Edition.ENTERPRISE), (Mode.OVERRIDE, Edition.COMMUNITY)]
)
async def test_with_it_people_ask_and_decide(
    slack: SlackStandIn, tmp_path: Path, mode: Mode, edition: Edition
) -> None:
    """The whole of the main job."""

    def restrict(teleport: TeleportStandIn) -> None:
        give(teleport, rules(mode), submit=mode is Mode.PERSON)

    async with cluster(slack, tmp_path, edition, prepare=restrict) as (stage, log):
        assert log.all("review_mode")[0]["mode"] == mode
        _, card = await stage.asked("alice", "staging", "redis 1")
        await stage.click("bob", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
        await stage.told("alice", "tsh login --request-id=")
        denied = {"own_roles_not_read", "lease_forbidden", "lease_lost", "teleport_failed"}
        assert not denied & {entry["event"] for entry in log.entries}


def test_the_files_of_the_repository_are_what_is_printed() -> None:
    """So that nobody follows a file that the code has left behind."""
    written = {path.name: path.read_text() for path in DEPLOY.iterdir() if path.suffix == ".yaml"}
    assert written == {
        "teleport-person.yaml": resources(Mode.PERSON),
        "teleport-override.yaml": resources(Mode.OVERRIDE),
        "teleport-notify.yaml": resources(Mode.NOTIFY),
        "tbot.yaml": tbot(),
    }


def test_only_what_a_mode_needs_is_in_its_role() -> None:
    """Deciding is the strongest thing that the bot may do."""
    assert "submit_for_users" in role(Mode.PERSON)
    assert "submit_for_users" not in role(Mode.OVERRIDE) + role(Mode.NOTIFY)
    may_update = [mode for mode in Mode if "create, update]" in requests_part(role(mode))]
    assert may_update == [Mode.OVERRIDE]
    assert "create" not in requests_part(role(Mode.NOTIFY, asking=False))
    assert bot() in resources()


def requests_part(text: str) -> str:
    return text.split("access_plugin_data", maxsplit=1)[0]
