"""docker-compose.yml passes every setting, and nothing from the folder but what it names."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.settings.names import CONFIG_VARIABLE, key_of, keys, variable
from bot.settings.settings import Settings, SettingsError, load_settings
from bot.settings.sources import read_file

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
BOT = yaml.safe_load(TEXT)["services"]["bot"]
PASSED = {
    line
    for line in (ROOT / "deploy/compose/variables.env").read_text().splitlines()
    if not line.startswith("#")
}
FIXED = set(BOT["environment"])
SECRETS = ("identity/identity", "secrets/slack-bot-token", "settings.toml", ".env", "tbot.yaml")
"""Files with secrets that a reader of the README and of .env.example creates."""


def test_every_setting_is_passed_or_fixed() -> None:
    settings = {variable(key) for key in keys(Settings)}
    assert settings <= PASSED | FIXED
    assert settings & PASSED & FIXED == set()
    assert {name for name in PASSED | FIXED if name.startswith("TELEPORT_")} == settings | {
        CONFIG_VARIABLE
    }


def test_variables_of_libraries_are_passed() -> None:
    """A network of a company needs its proxy and its certificate authorities."""
    assert {"HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SLACK_API_URL"} <= PASSED


def test_environment_example_has_only_known_variables() -> None:
    """The bot or the compose file reads each variable in it, optional ones included."""
    example = (ROOT / ".env.example").read_text()
    for name in re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE):
        assert name in PASSED or f"${{{name}:-" in TEXT
        if name.startswith("TELEPORT_CHATOPS_"):
            assert key_of(name) in set(keys(Settings))


def test_optional_files_have_an_existing_default() -> None:
    """Otherwise Compose fails, or creates a folder instead of a file."""
    defaults = re.findall(r"\$\{[A-Z_]+_FILE:-([^}]+)\}", TEXT)
    assert len(defaults) == 4
    for default in defaults:
        assert (ROOT / default).is_file()


def test_default_settings_file_sets_nothing(tmp_path: Path) -> None:
    """Its example is valid without the comment marks."""
    default = ROOT / "deploy/compose/settings.toml"
    assert read_file(default).values == {}
    _, _, example = default.read_text().partition("#\n")
    (tmp_path / "token").write_text("xoxb-1\n")
    text = re.sub(r"^# ?", "", example, flags=re.MULTILINE)
    settings = tmp_path / "settings.toml"
    settings.write_text(re.sub(r"/run/secrets/[a-z-]+", str(tmp_path / "token"), text))
    assert load_settings(settings).role_to_recipients["*"] == ("access-requests",)


def test_bot_without_settings_points_to_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        SettingsError, match="run make sandbox, docker compose up sandbox or"
    ) as found:
        load_settings(None)
    assert len(found.value.mistakes) == 1
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    with pytest.raises(SettingsError) as incomplete:
        load_settings(None)
    assert "sandbox" not in str(incomplete.value)


@pytest.mark.parametrize("path", SECRETS)
def test_secrets_of_an_installation_are_not_committed(path: str) -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)  # noqa: S603, S607
    assert ignored.returncode == 0


def test_image_build_gets_only_named_files() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    named = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert rules[1] == "*"
    assert named.isdisjoint(path.split("/")[0] for path in SECRETS)
