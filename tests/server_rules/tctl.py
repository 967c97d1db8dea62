"""Actions of administrators with tctl: the same commands, output and errors in the sandbox.

Every public coroutine function is a rule; it takes a `Tctl`.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

import yaml

from tests.server_rules.caches import eventually

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_ROLE = """\
kind: role
version: v7
metadata:
  name: {name}
  labels: {{team: a}}
spec:
  options: {{max_session_ttl: 2h}}
  allow:
    logins: [root]
    node_labels: {{tier: [dev, staging], site: one}}
    rules:
    - resources: [access_request]
      verbs: [list, read]
    request:
      roles: [staging]
      max_duration: 1d
  deny:
    rules:
    - resources: [access_request]
      verbs: [create]
"""
_USER = """\
kind: user
version: v2
metadata: {{name: {name}}}
spec:
  roles: [dev]
  traits: {{logins: [root], slack_uid: [U012ABCDEF], empty: []}}
"""


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """Return the output of a successful command."""
        assert self.code == 0, self.err
        return self.out

    @property
    def error(self) -> str:
        """The message of a command that failed, after `ERROR: `."""
        assert self.code == 1, self.out
        return _ESCAPE.sub("", self.err).rpartition("ERROR: ")[2].strip()

    def json(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.output)
        return found


class Tctl(Protocol):
    """Runs tctl as an administrator without a second factor for admin actions."""

    async def __call__(self, *words: str, stdin: str = "") -> Ran: ...


@asynccontextmanager
async def _role(tctl: Tctl) -> AsyncIterator[str]:
    name = f"rule-{uuid4()}"
    ran = await tctl("create", stdin=_ROLE.format(name=name))
    assert ran.output == f'role "{name}" has been created\n'
    yield name
    assert (await tctl("rm", f"role/{name}")).output == f'role "{name}" has been deleted\n'


@asynccontextmanager
async def _user(tctl: Tctl) -> AsyncIterator[str]:
    name = f"rule-{uuid4()}"
    ran = await tctl("create", stdin=_USER.format(name=name))
    assert ran.output == f'user "{name}" has been created\n'
    yield name
    assert (await tctl("rm", f"users/{name}")).output == f'user "{name}" has been deleted\n'


async def _only(tctl: Tctl, reference: str) -> dict[str, Any]:
    (resource,) = (await tctl("get", reference, "--format", "json")).json()
    return resource


async def _names(tctl: Tctl, kind: str) -> list[str]:
    found = (await tctl("get", kind, "--format=json")).json()
    return [it["metadata"]["name"] for it in found]


def _holds(name: str, names: list[str]) -> bool:
    return name in names


def _documents(text: str) -> Iterator[dict[str, Any]]:
    return iter(yaml.safe_load_all(text))


async def user_can_be_read_changed_and_stored(tctl: Tctl) -> None:
    """YAML by default, every field kept, and a JSON list on demand."""
    async with _user(tctl) as name:
        printed = (await tctl("get", f"users/{name}")).output
        (user,) = _documents(printed)
        assert (user["kind"], user["version"], user["metadata"]["name"]) == ("user", "v2", name)
        assert user["metadata"]["revision"]
        assert user["spec"]["roles"] == ["dev"]
        assert user["spec"]["traits"]["slack_uid"] == ["U012ABCDEF"]
        assert user["spec"]["traits"]["empty"] in (None, [])
        assert user["spec"]["status"]["is_locked"] is False
        assert user["spec"]["created_by"]["user"]["name"]
        changed = printed.replace("U012ABCDEF", "U0NEWNEW01")
        stored = await tctl("create", "-f", stdin=changed)
        assert stored.output == f'user "{name}" has been updated\n'
        again = await eventually(
            partial(_only, tctl, f"user/{name}"),
            lambda it: it["metadata"]["revision"] != user["metadata"]["revision"],
        )
        assert again["spec"]["traits"]["slack_uid"] == ["U0NEWNEW01"]
        assert again["spec"]["created_by"] == user["spec"]["created_by"]
        assert again["metadata"]["revision"] != user["metadata"]["revision"]


async def role_can_be_read_and_stored(tctl: Tctl) -> None:
    """Durations and labels as Teleport writes them."""
    async with _role(tctl) as name:
        (role,) = (await tctl("get", f"roles/{name}", "--format=json")).json()
        assert role["metadata"]["labels"] == {"team": "a"}
        spec = role["spec"]
        assert spec["options"]["max_session_ttl"] == "2h0m0s"
        assert spec["allow"]["node_labels"] == {"tier": ["dev", "staging"], "site": "one"}
        assert spec["allow"]["rules"] == [
            {"resources": ["access_request"], "verbs": ["list", "read"]}
        ]
        assert spec["allow"]["request"] == {"roles": ["staging"], "max_duration": "24h0m0s"}
        assert spec["deny"]["rules"] == [{"resources": ["access_request"], "verbs": ["create"]}]
        stored = await tctl("create", "--force", stdin=json.dumps(role))
        assert stored.output == f'role "{name}" has been created\n'
        (again,) = (await tctl("get", f"role/{name}", "--format=json")).json()
        assert again["spec"] == spec


async def role_without_limits_gets_those_of_teleport(tctl: Tctl) -> None:
    name = f"rule-{uuid4()}"
    text = f"kind: role\nversion: v7\nmetadata: {{name: {name}}}\nspec: {{}}\n"
    await tctl("create", stdin=text)
    (role,) = (await tctl("get", f"role/{name}", "--format=json")).json()
    assert role["spec"]["options"]["max_session_ttl"] == "30h0m0s"
    assert (role["spec"]["allow"].get("rules"), role["spec"]["deny"]) == (None, {})
    await tctl("rm", f"role/{name}")


async def what_exists_is_replaced_only_by_force(tctl: Tctl) -> None:
    async with _role(tctl) as role, _user(tctl) as user:
        for kind, text, name in (("role", _ROLE, role), ("user", _USER, user)):
            ran = await tctl("create", stdin=text.format(name=name))
            assert ran.error == (
                f'use -f or --force flag to overwrite\n\t{kind} "{name}" already exists'
            )


async def lock_can_be_created_listed_and_removed(tctl: Tctl) -> None:
    target = f"rule-{uuid4()}"
    made = (await tctl("lock", f"--user={target}", "--message=on leave", "--ttl=10m")).output
    match = re.fullmatch(r'Created a lock with name "([0-9a-f-]{36})"\.\n', made)
    assert match, made
    (lock,) = (await tctl("get", f"lock/{match[1]}", "--format=json")).json()
    assert (lock["kind"], lock["version"], lock["metadata"]["name"]) == ("lock", "v2", match[1])
    assert lock["spec"]["target"] == {"user": target}
    assert lock["spec"]["message"] == "on leave"
    assert lock["spec"]["expires"] > lock["spec"]["created_at"]
    assert lock["spec"]["created_by"]
    ran = await tctl("rm", f"locks/{match[1]}")
    assert ran.output == f'lock "{match[1]}" has been deleted\n'
    assert (await tctl("rm", f"lock/{match[1]}")).error == f'lock "{match[1]}" is not found'


async def lock_can_be_created_from_a_file(tctl: Tctl) -> None:
    name = f"rule-{uuid4()}"
    target = f"{{access_request: {uuid4()}}}"
    text = f"kind: lock\nversion: v2\nmetadata: {{name: {name}}}\nspec: {{target: {target}}}\n"
    assert (await tctl("create", stdin=text)).output == f'lock "{name}" has been created\n'
    error = (await tctl("create", stdin=text)).error
    assert error == f'use -f or --force flag to overwrite\n\tlock "{name}" already exists'
    assert (await tctl("create", "-f", stdin=text)).output == f'lock "{name}" has been created\n'
    await tctl("rm", f"lock/{name}")


async def join_token_can_be_created_read_and_removed(tctl: Tctl) -> None:
    """It is replaced without force, and its name is a secret."""
    name = f"rule-{uuid4()}"
    text = (
        "kind: token\nversion: v2\n"
        f"metadata: {{name: {name}, expires: 2099-01-01T00:00:00Z}}\n"
        "spec: {roles: [Bot], bot_name: teleport-chatops, join_method: token}\n"
    )
    for _ in range(2):
        created = (await tctl("create", stdin=text)).output
        assert created == f'provision_token "{name}" has been created\n'
    (token,) = (await tctl("get", f"tokens/{name}", "--format=json")).json()
    assert token["metadata"]["expires"] == "2099-01-01T00:00:00Z"
    assert token["spec"] == {
        "roles": ["Bot"],
        "join_method": "token",
        "bot_name": "teleport-chatops",
    }
    assert (await tctl("rm", f"token/{name}")).output == f'token "{name}" has been deleted\n'
    masked = f"{'*' * 30}{name[30:]}"  # three quarters of 41 characters
    gone = await eventually(partial(tctl, "get", f"token/{name}"), lambda ran: ran.code != 0)
    assert gone.error == f"provisioning token({masked}) not found"


async def several_kinds_can_be_read_at_once_in_yaml(tctl: Tctl) -> None:
    async with _role(tctl) as role, _user(tctl) as user:
        both = f"user/{user},role/{role}"
        printed = (await tctl("get", both)).output
        assert [it["metadata"]["name"] for it in _documents(printed)] == [user, role]
        error = (await tctl("get", both, "--format=json")).error
        assert error == "mixed resource types only support YAML formatting"


async def lists_hold_every_resource_of_a_kind(tctl: Tctl) -> None:
    async with _role(tctl) as role, _user(tctl) as user:
        for kind, name in (("roles", role), ("users", user)):
            read, holds = partial(_names, tctl, kind), partial(_holds, name)
            assert name in await eventually(read, holds)
        assert user in (await tctl("get", "users", "--format=text")).output.split()


async def file_is_read_up_to_the_first_mistake(tctl: Tctl) -> None:
    name = f"rule-{uuid4()}"
    ran = await tctl("create", stdin=f"{_ROLE.format(name=name)}---\nkind: nosuch\n")
    assert ran.out == f'role "{name}" has been created\n'
    assert ran.error == 'creating resources of type "nosuch" is not supported'
    await tctl("rm", f"role/{name}")


async def role_that_a_user_holds_stays(tctl: Tctl) -> None:
    async with _user(tctl):
        assert (await tctl("rm", "role/dev")).error == (
            "rpc error: code = Unknown desc = failed to delete a role that is still in use by a "
            "user, check the system server logs for more details"
        )


async def user_with_a_role_that_does_not_exist_is_refused(tctl: Tctl) -> None:
    user = "kind: user\nversion: v2\nmetadata: {name: ghost}\nspec: {roles: [nosuch]}\n"
    assert (await tctl("create", stdin=user)).error == "role nosuch is not found"


async def unreadable_input_is_refused_in_the_same_words(tctl: Tctl) -> None:
    for text, error in (
        ("", "no resources found, empty input?"),
        ("foo: 1\n", 'creating resources of type "" is not supported'),
        ("kind: User\nversion: v2\n", 'creating resources of type "User" is not supported'),
        (
            "- 1\n",
            (
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into "
                "Go value of type types.ResourceHeader"
            ),
        ),
        ("kind: role\nmetadata: {name: x}\n", 'role version "" is not supported'),
        ("kind: role\nversion: v7\nmetadata: {}\nspec: {}\n", "missing parameter Name"),
        (
            "kind: lock\nversion: v2\nmetadata: {name: x}\nspec: {target: {}}\n",
            "at least one target field must be set",
        ),
    ):
        assert (await tctl("create", stdin=text)).error == error


async def unusable_arguments_are_refused_in_the_same_words(tctl: Tctl) -> None:
    for words, error in (
        (("get", "users/unknown"), 'user "unknown" not found'),
        (("get", "roles/unknown"), "role unknown is not found"),
        (("get", "locks/unknown"), 'lock "unknown" is not found'),
        (("get", "tokens/unknown"), "provisioning token(*****wn) not found"),
        (("rm", "users/unknown"), 'user "unknown" not found'),
        (("rm", "roles/unknown"), 'role "unknown" is not found'),
        (
            ("rm", "users"),
            "provide a full resource name to delete, for example:\n$ tctl rm cluster/east",
        ),
        (
            ("get", "nosuch/x"),
            (
                "unsupported resource: \"nosuch\" - resources should be expressed as 'type/name', "
                "for example 'connector/github'"
            ),
        ),
        (("create", "/nonexistent.yaml"), "lstat /nonexistent.yaml: no such file or directory"),
        (("lock",), "at least one target field must be set"),
        (
            ("lock", "--user=x", "--ttl=1m", "--expires=2027-01-01T00:00:00Z"),
            "use only one of --expires and --ttl",
        ),
        (("lock", "--user=x", "--ttl=1x"), 'time: unknown unit "x" in duration "1x"'),
        (
            ("lock", "--user=x", "--expires=tomorrow"),
            (
                'parsing time "tomorrow" as "2006-01-02T15:04:05Z07:00": '
                'cannot parse "tomorrow" as "2006"'
            ),
        ),
    ):
        assert (await tctl(*words)).error == error
