"""`teleport-chatops link` adds one trait value and leaves the rest of the resource unchanged."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import app
from bot.setup.user_link import LinkError, link

ALICE = """\
kind: user
metadata:
  expires: 2030-01-01T00:00:00Z
  labels:
    country: no
    float: 1e3
    hex: 0x1F
    number: "0123"
    octal: 0o17
    quoted: "yes"
    when: '2024-08-01T12:00:00Z'
  name: alice
  revision: 1c759ea5-ed17-490c-b880-24d8e8824f05
spec:
  created_by:
    time: "2026-11-26T14:14:40.003402672Z"
    user:
      name: 58697b9a-c8ef-4410-b41f-6d9d60516a36.main
  expires: "0001-01-01T00:00:00Z"
  roles:
  - dev
  status:
    is_locked: false
    lock_expires: "0001-01-01T00:00:00Z"
  traits:
    db_names: null
    host_user_gid:
    - ""
    logins:
    - alice
    - Ålice 🦉
status:
  password_state: 2
version: v2
"""
"""As `tctl get users/alice` of 17.0.0-dev prints it, with labels that loaders like to convert."""


def run_link(text: str = ALICE, user: str = "alice", **options: Any) -> str:
    return link(text, user, "U012ABCDEF", trait="slack_uid", **options)


def traits(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)["spec"]["traits"]
    return found


def test_link_adds_only_the_trait() -> None:
    assert run_link() == ALICE.replace(
        "    - Ålice 🦉\n", '    - Ålice 🦉\n    "slack_uid":\n    - "U012ABCDEF"\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  traits:\n    slack_uid: null\n", ["U012ABCDEF"]),
        ("  traits:\n    slack_uid: []\n", ["U012ABCDEF"]),
        ('  traits:\n    slack_uid:\n    - ""\n', ["U012ABCDEF"]),
        ("  traits: {}\n", ["U012ABCDEF"]),
        ("  traits: null\n", ["U012ABCDEF"]),
        ("  roles: [dev]\n", ["U012ABCDEF"]),
        ("  traits:\n    slack_uid:\n    - U012ABCDEF\n", ["U012ABCDEF"]),
        (
            "  traits:\n    slack_uid:\n    - U012ABCDEF\n    - U0OTHER0001\n",
            ["U012ABCDEF", "U0OTHER0001"],
        ),
    ],
)
def test_link_fills_an_empty_trait_and_keeps_the_same_id(before: str, after: list[str]) -> None:
    """A second run changes nothing."""
    text = f"kind: user\nmetadata:\n  name: alice\nspec:\n{before}"
    once = run_link(text)
    assert traits(once)["slack_uid"] == after
    assert run_link(once) == once


def test_link_leaves_a_linked_user_unchanged() -> None:
    """The output equals the input byte for byte."""
    text = ALICE.replace("    logins:", "    slack_uid:\n    - U012ABCDEF\n    logins:")
    assert run_link(text) == text


def test_link_replaces_another_id_only_with_the_flag() -> None:
    """Without the flag, the command never unlinks an account."""
    text = ALICE.replace("    logins:", "    slack_uid:\n    - U0OTHER0001\n    logins:")
    with pytest.raises(LinkError, match="alice is already linked to U0OTHER0001: add --replace"):
        run_link(text)
    replaced = run_link(text, replace=True)
    assert traits(replaced)["slack_uid"] == ["U012ABCDEF"]
    assert replaced == text.replace("    - U0OTHER0001", '    - "U012ABCDEF"')


@pytest.mark.parametrize("wrapped", [True, False])
def test_link_reads_the_json_of_tctl(wrapped: bool) -> None:
    """`--format=json` prints a list with one user, and `tctl create` accepts no list."""
    user = {
        "kind": "user",
        "version": "v2",
        "metadata": {"name": "alice", "labels": {"e": "1e3", "🦉": "\U0001f989 0123"}},
        "spec": {"traits": {"logins": ["alice"], "db_names": None}, "roles": ["dev"]},
        "status": {"password_state": 2, "on": False, "factor": 1.5},
    }
    after = yaml.safe_load(run_link(json.dumps([user] if wrapped else user)))
    assert after["spec"]["traits"].pop("slack_uid") == ["U012ABCDEF"]
    assert after == user
    assert '"1e3"' in run_link(json.dumps(user))


CONNECTOR = """\
  created_by:
    connector:
      id: okta
      identity: alice@example.com
      type: saml
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The input is empty: run tctl get users/alice | teleport-chatops link alice "),
        ("  \n---\n", "The input is empty: "),
        ("[]", "The input is empty: "),
        ("null", "The input is empty: "),
        (ALICE.replace(": alice", ": bob"), "The input is the user bob, not alice: use tctl get "),
        (f"{ALICE}---\n{ALICE}", "The input has 2 resources: use tctl get users/alice"),
        ("[{}, {}, {}]", "The input has 3 resources: use tctl get users/alice"),
        (ALICE.replace(": user", ": role", 1), "The input is a role, not a user: use tctl get "),
        ("{}", "The input isn't a Teleport resource: use tctl get users/alice"),
        ("ERROR: not found", "The input isn't a Teleport resource: use tctl get users/alice"),
        ("5", "The input isn't a Teleport resource: use tctl get users/alice"),
        ("kind: [", "The input is neither YAML nor JSON: use the output of tctl get."),
        ("[" * 5000, "The input is neither YAML nor JSON: use the output of tctl get."),
        ("kind: \x00", "The input is neither YAML nor JSON: use the output of tctl get."),
        (
            ALICE.replace("  created_by:\n", CONNECTOR),
            "alice is a single sign-on user, whose traits are replaced at each login: set the ",
        ),
        (
            ALICE.replace("  labels:\n", "  labels:\n    teleport.internal/bot: ci\n"),
            "alice is the user of a Machine ID bot: link a person's user instead.",
        ),
    ],
)
def test_link_rejects_input_that_it_cannot_link(text: str, sentence: str) -> None:
    with pytest.raises(LinkError) as caught:
        run_link(text)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("slack_user_id", ["U012ABCDEF", "W012ABCDEF"])
def test_link_accepts_ids_of_both_kinds(slack_user_id: str) -> None:
    """IDs start with `W` in Enterprise organizations."""
    assert slack_user_id in link(ALICE, "alice", slack_user_id, trait="slack_uid")


@pytest.mark.parametrize(
    "slack_user_id",
    ["@alice", "", "u012abcdef", "C012ABCDEF", "U012ABCDEF\n", "<@U012ABCDEF>", "U01"],
)
def test_link_rejects_an_invalid_slack_id(slack_user_id: str) -> None:
    """The ID is checked before the input."""
    with pytest.raises(LinkError, match="isn't a Slack user ID"):
        link("", "alice", slack_user_id, trait="slack_uid")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
scalars = texts | st.sampled_from(
    ["yes", "no", "on", "~", "null", "0123", "0o17", "1e3", "1_000", "12:30:45", "2024-08-01",
     "2024-08-01T12:00:00Z", "=", "<<", "- a", "a: b", "#c", "'", '"', " a ", "a\n b\n", "&x", "!y"]
)  # fmt: skip
values = st.recursive(
    scalars | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(extra=values, style=st.sampled_from([None, '"', "'", "|", ">"]), flow=st.booleans())
def test_link_keeps_every_other_scalar_as_written(
    extra: Any, style: str | None, flow: bool
) -> None:
    user = {
        "kind": "user",
        "metadata": {"name": "alice"},
        "spec": {"traits": {"logins": ["a"]}, "extra": extra},
    }
    text = yaml.safe_dump(user, default_style=style, default_flow_style=flow, allow_unicode=True)
    after = yaml.safe_load(run_link(text))
    assert after["spec"]["traits"].pop("slack_uid") == ["U012ABCDEF"]
    assert after == yaml.safe_load(text)
    assert _scalars(run_link(text), "extra") == _scalars(text, "extra")


def _scalars(text: str, key: str) -> list[tuple[str, str]]:
    """Return tag and value of each scalar below this key of the spec."""
    queue, found = [_child(_child(yaml.compose(text), "spec"), key)], []
    while queue:
        node = queue.pop()
        if isinstance(node, yaml.ScalarNode):
            found.append((node.tag, node.value))
        elif isinstance(node, yaml.MappingNode):
            queue += [each for pair in node.value for each in pair]
        else:
            queue += node.value
    return found


def _child(node: yaml.Node | None, key: str) -> yaml.Node:
    assert isinstance(node, yaml.MappingNode)
    values: dict[str, yaml.Node] = {name.value: value for name, value in node.value}
    return values[key]


def run(*arguments: str, text: str = ALICE) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["link", *arguments], input=text)
    return result.exit_code, result.stdout, result.stderr


def test_link_command_prints_the_resource() -> None:
    assert run("alice", "U012ABCDEF") == (0, run_link(), "")


def test_link_command_rejects_with_one_sentence_and_exit_code_2() -> None:
    """The next program in the pipe gets no input."""
    code, output, error = run("alice", "@alice")
    assert (code, output) == (2, "")
    assert error == (
        "teleport-chatops: @alice isn't a Slack user ID: copy it from the profile in Slack, it"
        " looks like U012ABCDEF.\n"
    )


def test_link_command_uses_the_trait_from_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag overrides the environment, which overrides the file. Other settings can be missing."""
    path = tmp_path / "settings.toml"
    path.write_text('[review]\nslack_user_id_trait = "in_file"\n')
    assert list(traits(run("alice", "U012ABCDEF", "--config", str(path))[1]))[-1] == "in_file"
    monkeypatch.setenv("TELEPORT_CHATOPS_REVIEW__SLACK_USER_ID_TRAIT", "in_environment")
    assert (
        list(traits(run("alice", "U012ABCDEF", "--config", str(path))[1]))[-1] == "in_environment"
    )
    assert list(traits(run("alice", "U012ABCDEF", "--trait", "flag")[1]))[-1] == "flag"
    path.write_text("[review\n")
    code, _, error = run("alice", "U012ABCDEF", "--config", str(path))
    assert code == 2
    assert "isn't valid TOML" in error
