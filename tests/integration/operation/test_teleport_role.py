"""The printed role allows the bot's work and nothing else."""

from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.cli import app
from bot.features.feature import Choices
from bot.setup.teleport_role import RoleRule, bot, rejected_line, resources, role, rules, tbot
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from sandbox.teleport.state.resources import rule
from teleport_client._proto.types_pb2 import RoleConditions
from teleport_client.model.cluster import ClusterInfo
from tests.integration.clusters import run_cluster
from tests.integration.slack_driver import words
from workspace.requests.review_policy import ReviewMode

OTHER_MODES = "Use override or notify"


def give(teleport: TeleportStandIn, allowed: Iterable[RoleRule], *, submit: bool) -> None:
    """Assign this role to the bot, and remove all others."""
    conditions = RoleConditions(Rules=[rule(each.resource, *each.verbs) for each in allowed])
    if submit:
        conditions.ReviewRequests.SubmitForUsers.append("*")
    teleport.cluster.roles["teleport-chatops"].Spec.Allow.CopyFrom(conditions)


@pytest.mark.parametrize(
    ("mode", "edition"),
    [(ReviewMode.PERSON, Edition.ENTERPRISE), (ReviewMode.OVERRIDE, Edition.COMMUNITY)],
)
async def test_printed_role_allows_requests_and_reviews(
    slack: SlackStandIn, tmp_path: Path, mode: ReviewMode, edition: Edition
) -> None:
    """Cover the complete main flow."""

    def restrict(teleport: TeleportStandIn) -> None:
        give(teleport, rules(Choices(mode=mode)), submit=mode is ReviewMode.PERSON)

    async with run_cluster(slack, tmp_path, edition, prepare=restrict) as (stage, log):
        assert log.all("review_mode_selected")[0]["mode"] == mode
        _, card = await stage.create_request("alice", "staging", "redis 1")
        await stage.click("bob", card, "approve")
        await stage.card_where(card["ts"], lambda m: "Approved" in words(m))
        await stage.dm("alice", "tsh login --request-id=")
        denied = {
            "own_roles_read_failed",
            "lease_denied",
            "lease_lost",
            "teleport_call_failed",
        }
        assert not denied & {entry["event"] for entry in log.entries}
        disabled = [e for e in log.all("feature_disabled") if e["log_level"] != "info"]
        # The settings turn locks on, and only `--locks` prints their permission.
        assert {entry["feature"] for entry in disabled} == {"host_names", "lock_access"}


def test_role_contains_only_permissions_of_its_mode() -> None:
    """Submitting reviews is the bot's strongest permission."""
    printed = {mode: role(Choices(mode=mode)) for mode in ReviewMode}
    assert [mode for mode in ReviewMode if "submit_for_users" in printed[mode]] == ["person"]
    may_update = [mode for mode in ReviewMode if "create, update]" in requests_part(printed[mode])]
    assert may_update == [ReviewMode.OVERRIDE]
    without_create = role(Choices(mode=ReviewMode.NOTIFY, requests=False))
    assert "create" not in requests_part(without_create)
    assert "user_login_state]\n        verbs: [read]\n" in role()
    assert all("resources: [lock]" in text for text in printed.values())
    assert bot() in resources()


def test_role_version_is_v8_only_for_person() -> None:
    """Teleport 17 rejects versions above v7. Mode `person` needs 18.11 or later."""
    versions = {mode: yaml.safe_load(role(Choices(mode=mode)))["version"] for mode in ReviewMode}
    assert versions.pop(ReviewMode.PERSON) == "v8"
    assert set(versions.values()) == {"v7"}


@pytest.mark.parametrize("mode", [ReviewMode.PERSON, ReviewMode.OVERRIDE, ReviewMode.NOTIFY])
def test_host_names_are_readable_without_any_login(mode: ReviewMode) -> None:
    """The format is that of the mode's servers, and an operator can omit it."""
    allow = yaml.safe_load(role(Choices(mode=mode)))["spec"]["allow"]
    assert "logins" not in allow
    preview = allow.get("review_requests", {}).get("preview_as_roles")
    assert preview == (["list-access-request-resources"] if mode is ReviewMode.PERSON else None)
    assert allow.get("node_labels") == (None if mode is ReviewMode.PERSON else {"*": "*"})
    without = CliRunner().invoke(app, ["teleport-role", "--mode", mode, "--no-resource-names"])
    assert without.stdout == resources(Choices(mode=mode, host_names=False))
    assert "node_labels" not in without.stdout
    assert "preview_as_roles" not in without.stdout


@pytest.mark.parametrize(
    ("mode", "advanced", "version", "line"),
    [
        (ReviewMode.PERSON, True, "18.11.0", ""),
        (ReviewMode.PERSON, True, "18.2.0", "submit_for_users"),
        (ReviewMode.PERSON, False, "18.11.0", "review_requests"),
        (ReviewMode.PERSON, True, "17.0.0-dev", "version: v8"),
        (ReviewMode.OVERRIDE, False, "17.0.0-dev", ""),
        (ReviewMode.NOTIFY, False, "17.0.0-dev", ""),
    ],
)
def test_rejected_line_depends_on_version_and_edition(
    mode: ReviewMode, advanced: bool, version: str, line: str
) -> None:
    """The line exists in the printed role."""
    cluster = ClusterInfo("main", version, advanced_workflows=advanced)
    assert rejected_line(mode, cluster) == line
    assert line in role(Choices(mode=mode))


@pytest.mark.parametrize(
    ("version", "key", "other"),
    [
        ("", "credential_ttl", "certificate_ttl"),
        ("17.2.8", "credential_ttl", "certificate_ttl"),
        ("v18.11.2", "credential_ttl", "certificate_ttl"),
        ("17.2.7", "certificate_ttl", "credential_ttl"),
        ("17.0", "certificate_ttl", "credential_ttl"),
        ("16", "certificate_ttl", "credential_ttl"),
    ],
)
def test_tbot_file_has_the_key_of_its_version(version: str, key: str, other: str) -> None:
    """Tbot stops at an unknown key. A comment explains the other version."""
    text = tbot(version)
    parsed = yaml.safe_load(text)
    assert parsed[key] == "12h"
    assert other not in parsed
    comments = "".join(line for line in text.splitlines() if line.startswith("#"))
    assert f"field {key} not found" in comments
    assert other in comments or "teleport-role --tbot`" in comments


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--mode", "off"], "Unknown mode off. Use person, override or notify."),
        (["--tbot", "--server-version", "new"], "new isn't a version. Use something like 17.0."),
        (
            ["--server-version", "17.0"],
            f"Teleport 17.0 doesn't accept `version: v8`, which mode person needs. {OTHER_MODES}.",
        ),
    ],
)
def test_command_rejects_unknown_values(arguments: list[str], sentence: str) -> None:
    """The error is one sentence, with the exit code of a usage error."""
    result = CliRunner().invoke(app, ["teleport-role", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"teleport-chatops: {sentence}\n"


def requests_part(text: str) -> str:
    return text.split("access_plugin_data", maxsplit=1)[0]
