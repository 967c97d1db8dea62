"""The advice of a sandbox that can't listen."""

from errno import EACCES, EADDRINUSE
from re import findall

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ports import Failure, Ports, PortUnavailable, StandIn, advice, check_ports

any_port = st.integers(1, 65535)
near_or_any = st.one_of(st.sampled_from([-1, 1, 8000]), st.integers(-65535, 65535))


@given(st.integers().filter(lambda number: number not in {EACCES, EADDRINUSE}), any_port)
def test_advice_for_an_unusable_address_names_no_port(number: int, port: int) -> None:
    """A host that isn't found fails once for each stand-in."""
    failures = [
        Failure("foo.bar", port, "teleport", number, "Name or service not known"),
        Failure("foo.bar", 8765, "slack", number, "Name or service not known"),
        Failure("127.0.0.1", 8765, "slack", EADDRINUSE, "Address already in use"),
    ]
    assert advice(Ports("foo.bar", 8765, port), failures) == (
        "The sandbox can't listen on foo.bar (Name or service not known). Name an IPv4 address of"
        " this machine with --listen, such as 127.0.0.1."
    )


@pytest.mark.parametrize(
    ("host", "shown"), [("", '""'), ("büro", "büro"), ("ö" * 70, "ö" * 70), ("\udcff", "\udcff")]
)
def test_text_that_is_no_host_is_an_unusable_address(host: str, shown: str) -> None:
    """An empty host means every address for Python, and none for gRPC."""
    with pytest.raises(PortUnavailable) as error:
        check_ports(Ports(host), loopback=True)
    assert str(error.value) == (
        f"The sandbox can't listen on {shown} (not an address). Name an IPv4 address of this"
        " machine with --listen, such as 127.0.0.1."
    )


@pytest.mark.parametrize(
    ("number", "port", "sentence"),
    [
        (EADDRINUSE, 8765, "Stop the program that uses this port, or choose another one with"),
        (EACCES, 80, "Choose another port with"),
    ],
)
def test_advice_to_stop_a_program_needs_a_port_in_use(
    number: int, port: int, sentence: str
) -> None:
    text = advice(Ports(slack=port), [Failure("127.0.0.1", port, "slack", number, "x")])
    assert text.startswith(f"The sandbox can't listen on 127.0.0.1:{port} (x). {sentence} --slack-")


def test_advice_names_each_cause_and_each_option_once() -> None:
    """Slack also listens on 127.0.0.1, for a bot that can't use the address."""
    failures = [
        Failure("10.0.0.1", 443, "teleport", EACCES, "Permission denied"),
        Failure("10.0.0.1", 8765, "slack", EADDRINUSE, "Address already in use"),
        Failure("127.0.0.1", 8765, "slack", EADDRINUSE, "Address already in use"),
    ]
    assert advice(Ports("10.0.0.1", 8765, 443), failures) == (
        "The sandbox can't listen on 10.0.0.1:443 (Permission denied) and 10.0.0.1:8765 and"
        " 127.0.0.1:8765 (Address already in use). Choose other ports with --teleport-port 8443"
        " --slack-port 8766 (make sandbox TELEPORT_PORT=8443 SLACK_PORT=8766)."
    )


@given(any_port, near_or_any, st.sampled_from([EACCES, EADDRINUSE]), st.data())
def test_suggested_ports_are_others_for_every_user(
    slack: int, distance: int, number: int, data: st.DataObject
) -> None:
    """Also if only one port can't be used, and the other one is next to it."""
    taken: dict[StandIn, int] = {"teleport": (slack + distance) % 65536, "slack": slack}
    one_or_both: list[list[StandIn]] = [["teleport"], ["slack"], ["teleport", "slack"]]
    failed = data.draw(st.sampled_from(one_or_both))
    text = advice(
        Ports(slack=taken["slack"], teleport=taken["teleport"]),
        [Failure("127.0.0.1", taken[each], each, number, "x") for each in failed],
    )
    options = {name: int(port) for name, port in findall(r"--(\w+)-port (\d+)", text)}
    variables = {name.lower(): int(port) for name, port in findall(r"(\w+)_PORT=(\d+)", text)}
    assert options == variables
    assert options.keys() == {*failed}
    assert len({*options.values(), *taken.values()}) == len({*taken.values()}) + len(failed)
    assert all(1024 <= port <= 65535 for port in options.values())


@pytest.mark.parametrize(("port", "other"), [(45024, 45025), (80, 8080), (65535, 1024)])
def test_stand_ins_need_different_ports(port: int, other: int) -> None:
    with pytest.raises(PortUnavailable) as error:
        check_ports(Ports(slack=port, teleport=port), loopback=False)
    assert str(error.value) == (
        "Slack and Teleport need different ports. Choose another one with"
        f" --teleport-port {other} (make sandbox TELEPORT_PORT={other})."
    )


def test_both_stand_ins_may_pick_a_free_port() -> None:
    check_ports(Ports(slack=0, teleport=0), loopback=True)
