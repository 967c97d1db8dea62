"""The console script: commands, options, output and exit codes."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.contracts.bot import ENVIRONMENT
from tests.contracts.sandbox_process import run

COMMANDS = (
    "run", "sandbox", "link", "doctor", "manifest", "teleport-role", "version",
)  # fmt: skip
SANDBOX_OPTIONS = (
    "--listen", "--slack-port", "--teleport-port", "--edition", "--server-version", "--no-bot",
    "--data", "--manifest",
)  # fmt: skip


TARGETS = (
    "sandbox", "demo", "test", "check", "chaos", "proto", "real-teleport", "real-slack",
)  # fmt: skip


def test_makefile_has_its_targets() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    for target in TARGETS:
        assert f"\n{target}: " in makefile


def test_script_has_its_commands() -> None:
    listed = run("--help")
    for command in COMMANDS:
        assert f" {command} " in listed


def test_sandbox_has_its_options_and_tools() -> None:
    listed = run("sandbox", "--help")
    for name in (*SANDBOX_OPTIONS, "127.0.0.1", "8765", "3025", "enterprise", "community"):
        assert name in listed
    for tool in ("tsh", "tctl"):
        assert f" {tool} " in listed


def test_module_prints_the_same_as_the_script() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "bot", "version"],
        check=True, capture_output=True, text=True, env=ENVIRONMENT,
    ).stdout  # fmt: skip
    assert printed == run("version")


def test_manifest_is_json_with_the_commands() -> None:
    manifest = json.loads(run("manifest"))
    named = {each["command"] for each in manifest["features"]["slash_commands"]}
    assert named >= {
        "/teleport-request", "/teleport-pending", "/teleport-approve", "/teleport-deny",
    }  # fmt: skip
    assert manifest["settings"]["socket_mode_enabled"] is True


@pytest.mark.parametrize("mode", ["person", "override", "notify"])
def test_teleport_role_prints_a_role_for_each_mode(mode: str) -> None:
    assert "kind: role" in run("teleport-role", "--mode", mode)


def test_link_adds_the_slack_id_as_a_trait() -> None:
    user = "kind: user\nversion: v2\nmetadata: {name: alice}\nspec: {}\n"
    assert "slack_uid" in run("link", "alice", "U012ABCDEF", text=user)


def test_run_exits_with_2_for_settings_that_cannot_work(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[slack]\ntoken = "xoxb-1"\n')
    said = run("run", "--config", str(tmp_path / "settings.toml"), code=2)
    assert said.startswith("teleport-chatops: ")


def test_script_is_the_project_script() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["name"] == "teleport-chatops"
    assert set(project["scripts"]) == {"teleport-chatops"}
