"""Effects of an administrator's changes with tctl on the stand-in."""

import yaml
from grpc import StatusCode

from teleport_client._proto.types_pb2 import APPROVED
from tests.sandbox.teleport.standin_client import Auth, refused, vote_for, wanted
from tests.sandbox.teleport.terminal import Terminal, complaint, printed

_REQUESTER = """\
kind: role
version: v7
metadata: {name: on-call-requester}
spec: {allow: {request: {roles: [on-call]}}}
---
kind: role
version: v7
metadata: {name: on-call}
spec: {allow: {node_labels: {tier: prod}}}
"""
_SILENCED = """\
kind: role
version: v7
metadata: {name: silenced}
spec: {deny: {rules: [{resources: [access_request], verbs: [create]}]}}
"""


async def give(terminal: Terminal, user: str, role: str) -> None:
    """Add a role to a user, as one does with an editor."""
    (resource,) = yaml.safe_load_all(printed(await terminal.tctl("get", f"users/{user}")))
    resource["spec"]["roles"].append(role)
    stored = await terminal.tctl("create", "-f", stdin=yaml.safe_dump(resource))
    assert printed(stored) == f'user "{user}" has been updated\n'


async def assumed(terminal: Terminal, bot: Auth) -> str:
    """Log alice in with an approved request, and return its id."""
    made = await bot.CreateAccessRequestV2(wanted("alice", "staging"))
    await bot.SubmitAccessReview(vote_for(made, "bob", APPROVED))
    printed(await terminal.tsh("alice", "login", f"--request-id={made.Metadata.Name}"))
    assert "staging-db" in printed(await terminal.tsh("alice", "ls"))
    return made.Metadata.Name


async def test_created_roles_count_at_once(terminal: Terminal, alice: Auth) -> None:
    """Without another login: requests depend on the user's current roles."""
    printed(await terminal.tctl("create", stdin=_REQUESTER))
    await give(terminal, "alice", "on-call-requester")
    made = await alice.CreateAccessRequestV2(wanted("alice", "on-call"))
    assert list(made.Spec.Roles) == ["on-call"]


async def test_deny_rule_counts_for_the_caller_alone(terminal: Terminal, bot: Auth) -> None:
    """It is part of alice's certificate from the next login on. A bot can still request for her."""
    printed(await terminal.tctl("create", stdin=_SILENCED))
    await give(terminal, "alice", "silenced")
    printed(await terminal.tsh("alice", "login"))
    ran = await terminal.tsh("alice", "request", "create", "--roles=staging", "--nowait")
    assert complaint(ran) == ('ERROR: access denied to perform action "create" on "access_request"')
    await bot.CreateAccessRequestV2(wanted("alice", "staging"))


async def test_locked_user_is_refused_until_the_lock_is_gone(
    terminal: Terminal, alice: Auth
) -> None:
    locked = printed(await terminal.tctl("lock", "--user=alice", "--message=on leave"))
    name = locked.split('"')[1]
    denied = (StatusCode.PERMISSION_DENIED, "access denied")
    assert await refused(alice.CreateAccessRequestV2(wanted("alice", "staging"))) == denied
    assert complaint(await terminal.tsh("alice", "ls")) == "ERROR: access denied"
    assert complaint(await terminal.tsh("alice", "login")) == (
        'ERROR: lock targeting User:"alice" is in force: on leave'
    )
    printed(await terminal.tctl("rm", f"lock/{name}"))
    await alice.CreateAccessRequestV2(wanted("alice", "staging"))


async def test_lock_on_a_role_rejects_all_its_users(terminal: Terminal) -> None:
    printed(await terminal.tctl("lock", "--role=reviewer"))
    assert complaint(await terminal.tsh("bob", "ls")) == "ERROR: access denied"
    printed(await terminal.tsh("alice", "ls"))


async def test_lock_on_a_request_ends_the_login_that_assumed_it(
    terminal: Terminal, bot: Auth
) -> None:
    """Another login, without the request, is free of it."""
    request_id = await assumed(terminal, bot)
    printed(await terminal.tctl("lock", f"--access-request={request_id}"))
    assert complaint(await terminal.tsh("alice", "ls")) == "ERROR: access denied"
    assert complaint(await terminal.tsh("alice", "request", "ls")) == "ERROR: access denied"
    printed(await terminal.tsh("alice", "logout"))
    assert "staging-db" not in printed(await terminal.tsh("alice", "ls"))


async def test_deleted_request_leaves_certificates_valid(terminal: Terminal, bot: Auth) -> None:
    request_id = await assumed(terminal, bot)
    warning = printed(await terminal.tctl("requests", "rm", request_id))
    assert f"> tctl lock --access-request {request_id}" in warning
    printed(await terminal.tctl("requests", "get", request_id))
    printed(await terminal.tctl("requests", "rm", "--force", request_id))
    assert complaint(await terminal.tctl("requests", "get", request_id)).startswith("ERROR: no ")
    assert "staging-db" in printed(await terminal.tsh("alice", "ls"))


async def test_created_user_can_log_in(terminal: Terminal) -> None:
    user = "kind: user\nversion: v2\nmetadata: {name: mia}\nspec: {roles: [dev]}\n"
    printed(await terminal.tctl("create", stdin=user))
    assert "dev-1" in printed(await terminal.tsh("mia", "ls"))
    printed(await terminal.tctl("rm", "user/mia"))
    ended = await terminal.tsh("mia", "ls")
    assert ended.stderr == 'ERROR: access denied\n\tuser "mia" not found\n'


async def test_login_state_contains_the_roles_of_the_login(
    terminal: Terminal,
) -> None:
    """A change of the user counts for requests from the next login on."""
    printed(await terminal.tctl("create", stdin=_REQUESTER))
    printed(await terminal.tsh("alice", "login"))
    await give(terminal, "alice", "on-call-requester")
    ask = ("request", "create", "--roles=on-call", "--nowait")
    assert complaint(await terminal.tsh("alice", *ask)) == (
        'ERROR: user "alice" can not request role "on-call"'
    )
    printed(await terminal.tsh("alice", "login"))
    printed(await terminal.tsh("alice", *ask))


async def test_names_of_plural_kinds_are_read_in_files(terminal: Terminal) -> None:
    """Also where the real tctl takes them in references alone."""
    role = "kind: roles\nversion: v7\nmetadata: {name: x}\nspec: {}\n"
    assert printed(await terminal.tctl("create", stdin=role)) == 'role "x" has been created\n'
