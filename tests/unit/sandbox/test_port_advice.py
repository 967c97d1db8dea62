"""The advice of a sandbox that can't listen."""

from errno import EACCES, EADDRINUSE
from re import search

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ports import Failure, advice

any_port = st.integers(1, 65535)


@given(st.integers().filter(lambda number: number not in {EACCES, EADDRINUSE}), any_port)
def test_advice_for_an_unusable_address_names_no_port(number: int, port: int) -> None:
    """A host that isn't found fails once for each stand-in."""
    failures = [
        Failure("foo.bar", port, "teleport", number, "Name or service not known"),
        Failure("foo.bar", 8765, "slack", number, "Name or service not known"),
        Failure("127.0.0.1", 8765, "slack", EADDRINUSE, "Address already in use"),
    ]
    assert advice(failures) == (
        "The sandbox can't listen on foo.bar (Name or service not known). Name an IPv4 address of"
        " this machine with --listen, such as 127.0.0.1."
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
    text = advice([Failure("127.0.0.1", port, "slack", number, "x")])
    assert text.startswith(f"The sandbox can't listen on 127.0.0.1:{port} (x). {sentence} --slack-")


def test_advice_names_each_cause_and_each_option_once() -> None:
    """Slack also listens on 127.0.0.1, for a bot that can't use the address."""
    failures = [
        Failure("10.0.0.1", 443, "teleport", EACCES, "Permission denied"),
        Failure("10.0.0.1", 8765, "slack", EADDRINUSE, "Address already in use"),
        Failure("127.0.0.1", 8765, "slack", EADDRINUSE, "Address already in use"),
    ]
    assert advice(failures) == (
        "The sandbox can't listen on 10.0.0.1:443 (Permission denied) and 10.0.0.1:8765 and"
        " 127.0.0.1:8765 (Address already in use). Choose other ports with --teleport-port 8443"
        " --slack-port 8766 (make sandbox TELEPORT_PORT=8443 SLACK_PORT=8766)."
    )


@given(any_port, any_port, st.sampled_from([EACCES, EADDRINUSE]))
def test_suggested_ports_are_others_for_every_user(slack: int, teleport: int, number: int) -> None:
    text = advice(
        [
            Failure("127.0.0.1", teleport, "teleport", number, "x"),
            Failure("127.0.0.1", slack, "slack", number, "x"),
        ]
    )
    found = search(r"--teleport-port (\d+) --slack-port (\d+) ", text)
    assert found is not None
    assert f"(make sandbox TELEPORT_PORT={found[1]} SLACK_PORT={found[2]})." in text
    suggested = {int(found[1]), int(found[2])}
    assert len(suggested) == 2
    assert not suggested & {slack, teleport}
    assert all(1024 <= port <= 65535 for port in suggested)
