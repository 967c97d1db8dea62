"""Obstacles on the connection to the Auth Service, transient or permanent."""

import ssl

import pytest

from teleport_client.transport.obstacle import (
    NotTeleport,
    Obstacle,
    UntrustedProxy,
    obstacle_of,
    worst_of,
)


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_code = code
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError()
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "obstacle", "transient"),
    [
        (unverified(9), Obstacle.CLOCK, True),
        (unverified(10), Obstacle.CLOCK, True),
        (unverified(20), Obstacle.OTHER_CLUSTER, False),
        (UntrustedProxy("web"), Obstacle.UNTRUSTED_PROXY, False),
        (tls("WRONG_VERSION_NUMBER"), Obstacle.NOT_TLS, False),
        (tls("TLSV1_ALERT_INTERNAL_ERROR"), Obstacle.NO_ANSWER, True),
        (NotTeleport("status 404"), Obstacle.NOT_TELEPORT, False),
        (NotTeleport("status 502", transient=True), Obstacle.NO_ANSWER, True),
        (ConnectionRefusedError(), Obstacle.NO_ANSWER, True),
        (TimeoutError(), Obstacle.NO_ANSWER, True),
    ],
)
def test_obstacle_is_transient_only_without_a_setup_change(
    error: Exception, obstacle: Obstacle, transient: bool
) -> None:
    assert obstacle_of(error) is obstacle
    assert obstacle.transient is transient


def test_transient_obstacle_does_not_rule_out_a_transport() -> None:
    """A load balancer without a backend presents its own certificate and returns 502."""
    assert worst_of([Obstacle.OTHER_CLUSTER, Obstacle.NO_ANSWER]) is Obstacle.NO_ANSWER
    both = [Obstacle.OTHER_CLUSTER, Obstacle.NOT_TELEPORT]
    assert worst_of(both) is Obstacle.OTHER_CLUSTER
