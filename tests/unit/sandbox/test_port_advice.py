"""The advice of a sandbox that can't listen."""

from errno import EACCES, EADDRINUSE
from re import findall

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.ports import Failure, advice

any_port = st.integers(1, 65535)


@given(st.integers().filter(lambda number: number not in {EACCES, EADDRINUSE}), any_port)
def test_advice_for_an_unusable_address_names_no_port(number: int, port: int) -> None:
    text = advice(Failure("foo.bar", port, "teleport", number, "Name or service not known"))
    assert text == (
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
    text = advice(Failure("127.0.0.1", port, "slack", number, "x"))
    assert text.startswith(f"The sandbox can't listen on 127.0.0.1:{port} (x). {sentence} --slack-")


@given(any_port, st.sampled_from([EACCES, EADDRINUSE]))
def test_suggested_port_is_another_one_for_every_user(port: int, number: int) -> None:
    text = advice(Failure("127.0.0.1", port, "slack", number, "x"))
    (option,), (variable,) = (
        findall(r"--slack-port (\d+)", text),
        findall(r"SLACK_PORT=(\d+)", text),
    )
    assert option == variable
    assert 1024 <= int(option) <= 65535
    assert int(option) != port
