"""The public interface of teleport_client, and imports that don't load gRPC."""

import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

import teleport_client
from teleport_client.model.lock import Lock

ROOT = Path(teleport_client.__file__).parents[1]
GRPC = "{'grpc', 'google.protobuf'} & sys.modules.keys()"
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("model", "rules")
    for path in (ROOT / "teleport_client" / package).glob("*.py")
)


def run_python(program: str, *arguments: str) -> str:
    ended = subprocess.run(  # noqa: S603 - a fixed program of this file
        [sys.executable, "-c", program, *arguments],
        capture_output=True, text=True, timeout=30, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_every_public_name_can_be_imported() -> None:
    for name in teleport_client.__all__:
        assert getattr(teleport_client, name) is not None
    assert dir(teleport_client) == sorted(teleport_client.__all__)


def test_type_checkers_see_the_real_types() -> None:
    lock = teleport_client.Lock(user="alice")
    assert_type(lock, Lock)
    assert isinstance(lock, Lock)


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        getattr(teleport_client, "Nothing")  # noqa: B009 - mypy rejects the plain access


def test_values_and_rules_do_not_load_grpc() -> None:
    assert len(MODULES) > 8
    program = f"import sys, {', '.join(MODULES)}\nprint({GRPC} or 'free')"
    assert run_python(program).strip() == "free"


@pytest.mark.parametrize(
    ("name", "free"),
    [("AccessRequest", True), ("NotFound", True), ("load_identity_file", True), ("dial", False)],
)
def test_public_name_loads_grpc_only_if_needed(name: str, free: bool) -> None:
    """The last case shows that the check can fail."""
    program = f"import sys\nfrom teleport_client import {name}\nprint(not {GRPC})"
    assert run_python(program).strip() == str(free)


@pytest.mark.parametrize("argument", ["version", "--help", "manifest"])
def test_light_commands_do_not_load_grpc(argument: str) -> None:
    program = f"""
import atexit, sys
atexit.register(lambda: print("loaded:", {GRPC} or "none"))
sys.argv[0] = "teleport-chatops"
from bot.cli import main
main()
"""
    assert run_python(program, argument).splitlines()[-1] == "loaded: none"
