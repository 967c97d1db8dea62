"""`sandbox tsh` and `sandbox tctl`: the commands and the output that scripts rely on."""

import json

from tests.contracts.sandbox_process import Sandbox

_STAGING = "staging-db"


def request_with(sandbox: Sandbox, reason: str) -> dict[str, dict[str, str]]:
    """Return a request as `tctl requests ls --format json` prints it."""
    listed = json.loads(sandbox.cli("tctl", "requests", "ls", "--format", "json"))
    return next(each for each in listed if each["spec"]["request_reason"] == reason)


def test_tsh_requests_access_that_tctl_approves(sandbox: Sandbox) -> None:
    def tsh(*arguments: str) -> str:
        return sandbox.cli("tsh", *arguments, person="alice")

    tsh("request", "create", "--nowait", "--roles", "staging", "--reason", "contract-tsh")
    request = request_with(sandbox, "contract-tsh")["metadata"]["name"]
    assert request in tsh("request", "ls")
    assert "contract-tsh" in tsh("request", "show", request)
    assert _STAGING not in tsh("ls")
    sandbox.cli("tctl", "requests", "approve", request)
    tsh("login", "--request-id", request)
    assert _STAGING in tsh("ls")


def test_tctl_creates_denies_and_removes_requests(sandbox: Sandbox) -> None:
    new = ("alice", "--roles", "staging", "--reason", "contract-tctl")
    sandbox.cli("tctl", "requests", "create", *new)
    request = request_with(sandbox, "contract-tctl")["metadata"]["name"]
    sandbox.cli("tctl", "requests", "deny", request)
    assert "DENIED" in sandbox.cli("tctl", "requests", "get", request)
    sandbox.cli("tctl", "requests", "rm", request)


def test_tctl_creates_prints_and_removes_resources(sandbox: Sandbox) -> None:
    role = {"kind": "role", "version": "v7", "metadata": {"name": "contract"}, "spec": {}}
    (sandbox.data / "role.json").write_text(json.dumps(role))
    sandbox.cli("tctl", "create", "-f", str(sandbox.data / "role.json"))
    (found,) = json.loads(sandbox.cli("tctl", "get", "roles/contract", "--format", "json"))
    assert (found["kind"], found["metadata"]["name"]) == ("role", "contract")
    sandbox.cli("tctl", "rm", "role/contract")


def test_tctl_locks_a_user(sandbox: Sandbox) -> None:
    sandbox.cli("tctl", "lock", "--user", "grace", "--message", "contract", "--ttl", "10m")
    locks = json.loads(sandbox.cli("tctl", "get", "locks", "--format", "json"))
    assert "contract" in {each["spec"].get("message") for each in locks}
