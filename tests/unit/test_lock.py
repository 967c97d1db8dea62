"""Which locks are locks on everything that somebody does."""

import pytest

from teleport_client import convert
from teleport_client._proto import types_pb2 as types
from teleport_client.lock import Lock

BY_DEVICE = bytes([0x42, 1]) + b"x"
"""Field 8 of a target, which our definitions do not have."""


def read(target: types.LockTarget) -> Lock:
    return convert.lock_from(types.LockV2(Spec=types.LockSpecV2(Target=target)))


@pytest.mark.parametrize(
    ("target", "holds"),
    [
        (types.LockTarget(User="bob"), True),
        (types.LockTarget(Role="reviewer"), True),
        (types.LockTarget(User="bob", Role="reviewer"), True),
        (types.LockTarget(User="bob", Role="admin"), False),
        (types.LockTarget(User="carol"), False),
        (types.LockTarget(Role="admin"), False),
        (types.LockTarget(User="bob", Login="root"), False),
        (types.LockTarget(Login="bob"), False),
        (types.LockTarget(), False),
    ],
)
def test_all_that_a_lock_names_has_to_be_met(target: types.LockTarget, holds: bool) -> None:
    assert read(target).holds_against("bob", ("dev", "reviewer")) is holds


def test_what_only_newer_servers_can_name_narrows_a_lock_too() -> None:
    """Bob with one device, say, is not all that bob does."""
    target = types.LockTarget.FromString(
        types.LockTarget(User="bob").SerializeToString() + BY_DEVICE
    )
    assert read(target) == Lock(user="bob", narrower=True)
