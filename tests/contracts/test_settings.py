"""Settings keys and environment names. `doctor` exits with 2 if the bot can't work with them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.contracts.bot import ENVIRONMENT
from tests.contracts.sandbox_process import SCRIPT, Sandbox

_CANNOT_WORK = 2
_EVERY_KEY = """
[teleport]
addr = "{teleport}"
auth_server = "{teleport}"
identity = "{identity}"
refresh_identity = true
refresh_identity_interval = "1m"

[slack]
token = "{token_file}"
app_token = "{app_token}"
apiurl = "{slack}/api/"
recipients = ["access-requests"]

[review]
enabled = true
app_token = "{app_token}"
slack_user_id_trait = "slack_uid"
allow_email_username_match = false

[role_to_recipients]
"*" = ["access-requests"]
prod = "access-requests"

[log]
output = "stderr"
severity = "INFO"
"""


def can_work(settings: str, folder: Path, **environment: str) -> bool:
    """Return whether `doctor` finds nothing that keeps the bot from working."""
    (folder / "settings.toml").write_text(settings)
    done = subprocess.run(  # noqa: S603
        [SCRIPT, "doctor", "--config", str(folder / "settings.toml")],
        env=ENVIRONMENT | environment, capture_output=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode in {0, 1, _CANNOT_WORK}, done
    return done.returncode != _CANNOT_WORK


@pytest.fixture
def values(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """Return the values of a bot in the sandbox, the token in a file of its own."""
    given = (sandbox.data / "bot.toml").read_text()
    token, app_token = re.findall(r'token = "(.+)"', given)
    (tmp_path / "token").write_text(f"{token}\n")
    return {
        "teleport": sandbox.teleport,
        "identity": str(sandbox.data / "identities" / "bot"),
        "slack": sandbox.url,
        "token": token,
        "token_file": str(tmp_path / "token"),
        "app_token": app_token,
    }


def test_file_accepts_every_key_and_a_secret_in_a_file(
    values: dict[str, str], tmp_path: Path
) -> None:
    assert can_work(_EVERY_KEY.format_map(values), tmp_path)


def test_environment_sets_every_section_and_overrides_the_file(
    values: dict[str, str], tmp_path: Path
) -> None:
    wrong = '[teleport]\naddr = "127.0.0.1:1"\n[slack]\ntoken = "xoxb-wrong"\n'
    assert can_work(
        wrong,
        tmp_path,
        TELEPORT_CHATOPS_TELEPORT__ADDR=values["teleport"],
        TELEPORT_CHATOPS_TELEPORT__IDENTITY=values["identity"],
        TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS='{"*": ["access-requests"]}',
        TELEPORT_CHATOPS_REVIEW__ENABLED="true",
        TELEPORT_CHATOPS_LOG__SEVERITY="error",
        SLACK_BOT_TOKEN=values["token"],
        SLACK_APP_TOKEN=values["app_token"],
        SLACK_API_URL=f"{values['slack']}/api/",
    )


def test_unknown_key_keeps_the_bot_from_starting(values: dict[str, str], tmp_path: Path) -> None:
    assert not can_work(_EVERY_KEY.format_map(values) + "\nunknown = 1\n", tmp_path)
