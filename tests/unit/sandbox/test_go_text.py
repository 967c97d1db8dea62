"""Go's notation of values in the stand-in's texts."""

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
def test_duration_has_gos_notation(nanoseconds: int, text: str) -> None:
    """The examples with hours come from a real server."""
    assert go_duration(nanoseconds) == text
