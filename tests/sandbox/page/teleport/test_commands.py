"""The page runs the commands on its list, and nothing else."""

import asyncio

from tests.sandbox.page.teleport.panel_driver import PanelDriver


async def test_output_and_exit_code_are_those_of_the_command(panel: PanelDriver) -> None:
    listed = await panel.run("alice", "tsh ls")
    assert listed["exit_code"] == 0
    assert listed["output"].startswith("Node Name")
    assert "dev-1" in listed["output"]
    rejected = await panel.run("alice", "tsh ssh alice@prod-db")
    assert rejected == {
        "exit_code": 1,
        "output": "ERROR: access denied to alice connecting to prod-db\n",
    }


async def test_session_states_that_it_is_simulated(panel: PanelDriver) -> None:
    opened = await panel.run("alice", "tsh ssh alice@dev-1")
    assert opened["exit_code"] == 0
    assert "simulated" in opened["output"]


async def test_tctl_runs_as_the_administrator_whoever_is_named(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "staging")
    approved = await panel.run("alice", f"tctl requests approve {request_id}")
    assert approved["exit_code"] == 0
    assert "Approved" in await panel.card("requests", request_id)


_LS = ["ls"]


_REJECTED: list[object] = [
    {"tool": "sh", "as": "alice", "words": ["-c", "id"]},
    {"tool": "tsh --data /", "as": "alice", "words": _LS},
    {"tool": "tsh", "as": "alice", "words": ["ls; id"]},
    {"tool": "tsh", "as": "alice", "words": ["ls", ";", "id"]},
    {"tool": "tsh", "as": "alice", "words": ["$(id)"]},
    {"tool": "tsh", "as": "alice", "words": ["ls", "--data", "/"]},
    {"tool": "tsh", "as": "alice", "words": ["--data=/", "ls"]},
    {"tool": "tsh", "as": "alice", "words": ["--as", "bob", "ls"]},
    {"tool": "tsh", "as": "alice", "words": ["login", "--request-id=../../etc/passwd"]},
    {"tool": "tsh", "as": "alice", "words": ["ssh", "alice@dev-1", "id"]},
    {"tool": "tsh", "as": "alice", "words": ["request", "create", "--roles", "prod"]},
    {"tool": "tsh", "as": "alice", "words": []},
    {"tool": "tsh", "as": "--help", "words": _LS},
    {"tool": "tsh", "as": "bot-teleport-chatops", "words": _LS},
    {"tool": "tsh", "as": "tctl-admin", "words": _LS},
    {"tool": "tsh", "as": "nora", "words": _LS},
    {"tool": "tsh", "as": ["alice"], "words": _LS},
    {"tool": "tctl", "words": ["create", "-f", "/etc/passwd"]},
    {"tool": "tctl", "words": ["rm", "user/alice"]},
    {"tool": "tctl", "words": ["get", "users/alice", "--format", "json"]},
    {"tool": "tctl", "words": ["get users"]},
    {"tool": "tctl", "words": "get users"},
    {"tool": "tctl", "words": ["get", 1]},
    {"tool": "tctl"},
    ["tctl", "get", "users"],
    "tctl get users",
    None,
]


async def test_other_commands_are_rejected(panel: PanelDriver) -> None:
    answers = [(body, await panel.post(body)) for body in _REJECTED]
    assert [(body, status) for body, (status, _) in answers if status != 400] == []
    assert panel.teleport.journal.calls == []


async def test_command_for_a_request_that_does_not_exist_is_rejected(panel: PanelDriver) -> None:
    request_id = await panel.requested("alice", "staging")
    panel.teleport.cluster.delete_request(request_id)
    body = {"tool": "tctl", "words": ["requests", "approve", request_id]}
    assert (await panel.post(body))[0] == 400


async def test_page_of_another_site_can_not_run_commands(panel: PanelDriver) -> None:
    body = {"tool": "tsh", "as": "alice", "words": _LS}
    assert (await panel.post(body, Origin="https://example.org"))[0] == 403


async def test_user_runs_one_command_at_a_time(panel: PanelDriver) -> None:
    body = {"tool": "tsh", "as": "alice", "words": _LS}
    others = {"tool": "tsh", "as": "bob", "words": _LS}
    answers = await asyncio.gather(panel.post(body), panel.post(body), panel.post(others))
    assert sorted(status for status, _ in answers) == [200, 200, 409]
