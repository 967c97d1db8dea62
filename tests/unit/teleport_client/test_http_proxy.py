"""HTTP proxy from the environment for a destination."""

import pytest

from teleport_client.transport.http_proxy import proxy_for, proxy_for_url

PROXY = "http://proxy.invalid:3128"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_proxy_variable_is_read_in_either_case(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, PROXY)
    assert proxy_for("auth.example.com:3025") == PROXY
    assert proxy_for_url("wss://wss-primary.slack.com/link/?ticket=1") == PROXY


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    ("no_proxy", "address", "direct"),
    [
        ("10.0.0.0/8", "10.1.2.3:3025", True),
        ("10.0.0.0/8", "11.1.2.3:3025", False),
        ("10.0.0.0/8", "auth.example.com:3025", False),
        ("10.1.2.3", "10.1.2.3:3025", True),
        ("fd00::/8", "[fd00::1]:3025", True),
        ("slack.com, 10.0.0.0/8", "hooks.slack.com", True),
        ("wss-primary.slack.com", "wss-primary.slack.com", True),
        ("wss-primary.slack.com", "slack.com", False),
        ("nonsense/8", "10.1.2.3:3025", False),
        ("*", "slack.com", True),
    ],
)
def test_no_proxy_is_respected(
    monkeypatch: pytest.MonkeyPatch, variable: str, no_proxy: str, address: str, direct: bool
) -> None:
    """The format is that of Go programs, including networks."""
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv(variable, no_proxy)
    assert (proxy_for(address) == "") is direct


def test_destination_has_no_proxy_by_default() -> None:
    assert proxy_for("auth.example.com:3025") == ""
    assert proxy_for_url("https://slack.com/api/") is None


@pytest.mark.parametrize("url", ["https://[", "https://[x]/"])
def test_malformed_url_has_no_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    assert proxy_for_url(url) is None
