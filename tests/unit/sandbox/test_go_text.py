"""Values in the stand-in's texts, as Go writes them."""

import pytest

from sandbox.teleport.go_text import go_duration


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (250_000_000, "250ms"),
        (1_000_000_000, "1s"),
        (90_500_000_000, "1m30.5s"),
        (43_198_500_000_000, "11h59m58.5s"),
        (3_455_999_544_360_866, "959h59m59.544360866s"),
        (-7_200_000_000_000, "-2h0m0s"),
    ],
)
def test_go_duration(nanoseconds: int, text: str) -> None:
    """The examples with hours are answers of a real server."""
    assert go_duration(nanoseconds) == text
