"""Sources of settings, accepted values, and error messages."""

from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.settings.names import PREFIX, closest_to_variable, key_of, keys, variable
from bot.settings.settings import (
    Settings,
    SettingsError,
    load_settings,
    slack_user_id_trait,
    warn_of_ignored_settings,
)
from bot.settings.sources import Source

WHOLE = """
[teleport]
identity = "/var/lib/identity"
[slack]
token = "xoxb-file"
[role_to_recipients]
"*" = "access-requests"
"""


VARIABLES = [variable(key) for key in keys(Settings) if len(key) > 1]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL"):
        monkeypatch.delenv(name, raising=False)


def load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return load_settings(path)


def test_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot's own names also override those of other tools."""
    assert load(tmp_path, WHOLE).slack.token.get_secret_value() == "xoxb-file"
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-common")
    assert load(tmp_path, WHOLE).slack.token.get_secret_value() == "xoxb-common"
    monkeypatch.setenv("TELEPORT_CHATOPS_SLACK__TOKEN", "xoxb-own")
    assert load(tmp_path, WHOLE).slack.token.get_secret_value() == "xoxb-own"


def test_empty_variable_counts_as_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass unset variables as empty strings."""
    monkeypatch.setenv("TELEPORT_CHATOPS_SLACK__TOKEN", "")
    monkeypatch.setenv("TELEPORT_CHATOPS_LOG__SEVERITY", "")
    settings = load(tmp_path, WHOLE)
    assert settings.slack.token.get_secret_value() == "xoxb-file"
    assert settings.log.severity == "info"


def test_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("TELEPORT_CHATOPS_TELEPORT__IDENTITY", "/identity/identity")
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS", "one, #two")
    assert load_settings(None).role_to_recipients == {"*": ("one", "two")}
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS", '{"*": "one", "prod": ["a", "b"]}')
    assert load_settings(None).role_to_recipients == {"*": ("one",), "prod": ("a", "b")}


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    """The representation of the settings doesn't contain it."""
    (tmp_path / "token").write_text("xoxb-secret\n")
    settings = load(tmp_path, WHOLE.replace("xoxb-file", str(tmp_path / "token")))
    assert settings.slack.token.get_secret_value() == "xoxb-secret"
    assert "xoxb-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("[slack]\n", "[slack]\ntokn = 1\n"),
            "Unknown setting slack.tokn. Did you mean slack.token?",
        ),
        (("[slack]\n", "[slack]\nqqq = 1\n"), "slack.qqq. See docs/configuration.md"),
        (('"xoxb-file"', '"/nowhere/token"'), "slack.token: can't read file /nowhere"),
        (('"*"', '"prod"'), 'role_to_recipients: "*" needs a recipient'),
        (('"*" = "access-requests"', ""), 'role_to_recipients: "*" needs a recipient'),
        (('"access-requests"', "5"), 'role_to_recipients: "*" must be a name or'),
        (('"access-requests"', "[1]"), 'role_to_recipients: "*" must be a name'),
        (
            ("[slack]\n", '[slack]\napiurl = "http://proxy.example.com/"\n'),
            "slack.apiurl: use https",
        ),
        (
            ('identity = "/var/lib/identity"', 'client_key = "k"'),
            "teleport.client_key: client_crt, root_cas missing",
        ),
        (
            ("[teleport]\n", '[teleport]\nclient_key = "k"\n'),
            "teleport.client_key: set either identity or",
        ),
        (
            ('identity = "/var/lib/identity"', "refresh_identity = true"),
            "teleport.refresh_identity: it requires teleport.identity",
        ),
        (('identity = "/var/lib/identity"', ""), "Missing settings: teleport.identity"),
        (("[slack]\n", "[review]\nenabled = true\n[slack]\n"), "Missing settings: slack.app_token"),
        (("[slack]\n", "[log]\nseverity = 'loud'\n[slack]\n"), "Invalid setting log.severity"),
        (("[teleport]\n", "start_timeout = 'soon'\n[teleport]\n"), "use a duration such as 60s"),
        (("[teleport]\n", "start_timeout = true\n[teleport]\n"), "use a duration such as 60s"),
        (("[slack]\n", "[slack\n"), "isn't valid TOML"),
        (("[slack]\n", "[health]\nport = 99999\n[slack]\n"), "Invalid setting health.port"),
        (("[slack]\n", "[log]\noutput = 'stdrr'\n[slack]\n"), "use stderr, stdout or a path"),
        (
            ('[teleport]\nidentity = "/var/lib/identity"', "teleport = 'a.b:1'"),
            "Invalid setting teleport:",
        ),
        (("[teleport]\n", "[teleport]\naddr = 'auth.example.com'\n"), "use host and port"),
        (("[teleport]\n", "[teleport]\naddr = 'https://a.b:443'\n"), "use host and port"),
        (("[teleport]\n", "[teleport]\naddr = 'a.b:99999'\n"), "use host and port"),
        (('"access-requests"', '"*=one"'), "*=one isn't a recipient"),
        (('"access-requests"', '"S0GROUP0001"'), "S0GROUP0001 is a user group, which can't get"),
        (('"access-requests"', '"access requests"'), "access requests isn't a recipient"),
    ],
)
def test_mistake_is_reported_with_its_key(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, WHOLE.replace(*change))
    assert sentence in str(refused.value)
    assert "xoxb" not in str(refused.value)


@pytest.mark.parametrize("value", ["[", "{oops", "[]", "{}", "[[]]", " "])
def test_recipients_that_look_like_json_must_be_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    """Malformed JSON must not become a channel name."""
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS", value)
    with pytest.raises(SettingsError, match="Invalid setting role_to_recipients"):
        load(tmp_path, WHOLE)


def test_all_mistakes_are_reported_together_with_locations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cover mistakes in the file, in the environment and in keys that depend on other keys."""
    monkeypatch.setenv("TELEPORT_CHATOPS_LOG__SEVERITY", "loud")
    monkeypatch.setenv("TELEPORT_CHATOPS_REVIEW__LINK_ONLY_ROLE", "prod")
    monkeypatch.setenv("TELEPORT_CHATOPS_HEALTH", "8080")
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_APPROVER", "alice")
    text = """\
[teleport]
adress = "auth.example.com:3025"
refresh_identity = true

# A comment.
[slack]
tokn = "xoxb-1"
apiurl = "http://proxy.example.com/"
[reviews]
enabled = true
[review]
enabled = true
"""
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, text)
    file = tmp_path / "settings.toml"
    assert str(refused.value).splitlines() == [
        (
            "TELEPORT_CHATOPS_HEALTH has no effect. Set its keys one by one, such as"
            " TELEPORT_CHATOPS_HEALTH__PORT."
        ),
        f"{file}, line 2: Unknown setting teleport.adress. Did you mean teleport.addr?",
        (
            f"{file}, line 3: Invalid setting teleport.refresh_identity: it requires"
            " teleport.identity."
        ),
        f"{file}, line 7: Unknown setting slack.tokn. Did you mean slack.token?",
        (f"{file}, line 8: Invalid setting slack.apiurl: use https: tokens are sent to this URL."),
        f"{file}, line 9: Unknown setting reviews. Did you mean review?",
        (
            "TELEPORT_CHATOPS_LOG__SEVERITY: Invalid setting log.severity: Input should"
            " be 'debug', 'info', 'warn', 'warning' or 'error'."
        ),
        (
            "TELEPORT_CHATOPS_REVIEW__LINK_ONLY_ROLE has no effect. Did you mean"
            " TELEPORT_CHATOPS_REVIEW__LINK_ONLY_ROLES?"
        ),
        (
            "Missing settings: slack.token, role_to_recipients, teleport.identity, slack.app_token."
            " Set them in the --config file or as TELEPORT_CHATOPS_SLACK__TOKEN,"
            " TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS, TELEPORT_CHATOPS_TELEPORT__IDENTITY,"
            " TELEPORT_CHATOPS_SLACK__APP_TOKEN."
        ),
        (
            "TELEPORT_CHATOPS_ROLE_TO_APPROVER has no effect. Did you mean"
            " TELEPORT_CHATOPS_ROLE_TO_APPROVERS?"
        ),
    ]


@given(
    misspelled=st.sets(st.sampled_from(VARIABLES), min_size=1, max_size=4),
    missing=st.integers(min_value=0, max_value=2),
)
def test_each_variable_of_a_misspelled_section_is_reported(
    misspelled: set[str], missing: int
) -> None:
    """The suggestion is a variable that has an effect."""
    with pytest.MonkeyPatch.context() as environment:
        typed = {name: without_letter(name, missing) for name in misspelled}
        for name in typed.values():
            environment.setenv(name, "1")
        with pytest.raises(SettingsError) as refused:
            load_settings(None)
    reported = [text for text in refused.value.mistakes if "has no effect" in text]
    assert reported == [
        f"{typed[name]} has no effect. Did you mean {name}?"
        for name in sorted(misspelled, key=lambda name: typed[name])
    ]


def without_letter(name: str, index: int) -> str:
    """Return the variable with a section that lacks one letter."""
    start = len(PREFIX) + index
    return name[:start] + name[start + 1 :]


@pytest.mark.parametrize(
    "name",
    [
        "TELEPORT__TOKEN",
        "TELEPORT__",
        "TELEPORT__URL",
        "REVIEW__",
        "HEALTH__ADDRESS",
        "OPSGENIE__APP_TOKEN",
        "PAGERDUTY__TOKEN",
    ],
)
def test_setting_that_the_bot_never_had_gets_no_suggestion(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The wrong setting would be worse than the list of all settings."""
    monkeypatch.setenv(PREFIX + name, "1")
    with pytest.raises(SettingsError) as refused:
        load_settings(None)
    (reported,) = [text for text in refused.value.mistakes if "has no effect" in text]
    assert reported == f"{PREFIX}{name} has no effect. See docs/configuration.md."


@given(st.sampled_from(VARIABLES), st.data())
def test_variable_with_two_swapped_letters_is_recognized(name: str, data: st.DataObject) -> None:
    known = [key_of(each) for each in VARIABLES]
    index = data.draw(st.integers(len(PREFIX), len(name) - 2))
    typed = name[:index] + name[index + 1] + name[index] + name[index + 2 :]
    assert closest_to_variable(typed, known) == key_of(name)


def test_misspelled_section_is_reported_for_the_file_and_for_each_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's name can begin like a variable."""
    monkeypatch.setenv("TELEPORT_CHATOPS_REVEIW__MODE", "person")
    monkeypatch.setenv("TELEPORT_CHATOPS_REVEIW__QQQ", "true")
    monkeypatch.chdir(tmp_path)
    path = Path("TELEPORT_CHATOPS_PROD.toml")
    path.write_text(WHOLE + "[reveiw]\nlocks = true\n")
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    assert refused.value.mistakes == (
        f"{path}, line 8: Unknown setting reveiw. Did you mean review?",
        (
            "TELEPORT_CHATOPS_REVEIW__MODE has no effect. Did you mean"
            " TELEPORT_CHATOPS_REVIEW__MODE?"
        ),
        "TELEPORT_CHATOPS_REVEIW__QQQ has no effect. See docs/configuration.md.",
    )


def test_environment_mistakes_are_reported_with_unreadable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that the file might contain aren't reported as missing."""
    monkeypatch.setenv("TELEPORT_CHATOPS_START_TIMEOUT", "soon")
    monkeypatch.setenv("TELEPORT_CHATOPS_TELEPORT__REFRESH_IDENTITY", "true")
    with pytest.raises(SettingsError) as refused:
        load_settings(tmp_path / "nowhere.toml")
    first, second = str(refused.value).splitlines()
    assert first.endswith("nowhere.toml: No such file or directory.")
    assert second.startswith("TELEPORT_CHATOPS_START_TIMEOUT: Invalid setting start_timeout")


def test_role_set_by_two_variables_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_APPROVERS", "alice")
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_APPROVERS__PROD", "bob")
    with pytest.raises(SettingsError, match=r"APPROVERS__PROD and .*APPROVERS are both set"):
        load(tmp_path, WHOLE)


THEIRS = """
[teleport]
auth_server = "example.teleport.sh:443"
identity = "/var/lib/teleport/plugins/slack/auth_id"
refresh_identity = true
refresh_identity_interval = "1m30s"

[slack]
token = "xoxb-11"
recipients = ["access-requests", "boss@example.com"]
{review}
[log]
output = "stderr"
severity = "INFO"
"""


def test_file_of_teleports_plugin_is_accepted(tmp_path: Path) -> None:
    """Cover the older format too: as a notifier, and with buttons if it enables reviews."""
    settings = load(tmp_path, THEIRS.format(review=""))
    assert settings.teleport.addr == "example.teleport.sh:443"
    assert settings.teleport.refresh_identity_interval.total_seconds() == 90
    assert settings.role_to_recipients == {"*": ("access-requests", "boss@example.com")}
    assert settings.can_decide is False
    review = '[review]\nenabled = true\napp_token = "xapp-1"\nslack_user_id_trait = "slack_uid"\n'
    assert load(tmp_path, THEIRS.format(review=review)).can_decide is True


@pytest.mark.parametrize(
    ("written", "severity"),
    [("err", "error"), ("ERROR", "error"), ("trace", "debug"), ("Warn", "warn")],
)
def test_severities_of_the_plugin_are_accepted(tmp_path: Path, written: str, severity: str) -> None:
    settings = load(tmp_path, f'{WHOLE}\n[log]\nseverity = "{written}"\n')
    assert settings.log.severity == severity


@pytest.mark.parametrize(
    ("written", "output"),
    [
        ("1", "stdout"), ("out", "stdout"), ("2", "stderr"), ("error", "stderr"), ("", "stderr"),
        ("slack.log", "slack.log"), ("/var/log/slack", "/var/log/slack"),
    ],
)  # fmt: skip
def test_log_outputs_of_the_plugin_are_accepted(tmp_path: Path, written: str, output: str) -> None:
    assert load(tmp_path, f'{WHOLE}\n[log]\noutput = "{written}"\n').log.output == output


@pytest.mark.parametrize(
    ("written", "seconds"), [('"1h30m15s500ms"', 5415.5), ('"0s"', 60), ("0", 60), ("30", 30)]
)
def test_refresh_intervals_of_the_plugin_are_accepted(
    tmp_path: Path, written: str, seconds: float
) -> None:
    """Zero means the default."""
    text = WHOLE.replace("[slack]", f"refresh_identity_interval = {written}\n[slack]")
    assert load(tmp_path, text).teleport.refresh_identity_interval.total_seconds() == seconds


def test_obsolete_plugin_settings_are_ignored_and_reported(tmp_path: Path) -> None:
    """The plugin's early versions needed them. Its later versions ignore unknown keys."""
    path = tmp_path / "settings.toml"
    leftovers = 'secret = "s"\nnotify_only = true\nchannel = "c"\n'
    path.write_text(
        WHOLE.replace("[slack]\n", f"[slack]\n{leftovers}") + '[http]\nlisten_addr = ":8081"\n'
    )
    assert load_settings(path).slack.token.get_secret_value() == "xoxb-file"
    with structlog.testing.capture_logs() as logged:
        warn_of_ignored_settings(path)
    assert [(event["key"], event["place"].rpartition(", ")[2]) for event in logged] == [
        ("http", "line 11"),
        ("slack.secret", "line 5"),
        ("slack.notify_only", "line 6"),
        ("slack.channel", "line 7"),
    ]
    assert {event["event"] for event in logged} == {"setting_not_needed"}


def test_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    """Such a file begins with a byte order mark."""
    path = tmp_path / "settings.toml"
    path.write_text(WHOLE.replace("\n", "\r\n"), encoding="utf-8-sig")
    assert load_settings(path).slack.token.get_secret_value() == "xoxb-file"


@pytest.mark.parametrize("text", ["1h??30m", "-5m", "5 parsecs", "1mm", "1ns", "", "."])
def test_malformed_duration_is_rejected(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="use a duration such as 60s"):
        load(tmp_path, f'start_timeout = "{text} "\n{WHOLE}')


def test_newer_name_overrides_older_name(tmp_path: Path) -> None:
    text = THEIRS.format(review='[role_to_recipients]\n"*" = "one"\n')
    settings = load(tmp_path, text.replace("auth_server", 'addr = "a.b:1"\nauth_server'))
    assert (settings.teleport.addr, settings.role_to_recipients) == ("a.b:1", {"*": ("one",)})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5), ("1h0m0s", 3600), ("90s", 90), ("1h30m15s500ms", 5415.5), ("1.5h", 5400),
        ("250000us", 0.25), ("+5m", 300), ("1d", 86_400), ("2 days", 172_800),
    ],
)  # fmt: skip
def test_durations_use_gos_format(tmp_path: Path, text: str, seconds: float) -> None:
    """Files of Teleport's own plugins use it."""
    settings = load(tmp_path, f'start_timeout = "{text}"\n{WHOLE}')
    assert settings.start_timeout.total_seconds() == seconds


@pytest.mark.parametrize("value", ["prod, ops", '["prod", "ops"]'])
def test_lists_in_the_environment_have_two_formats(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    """A misread list of roles would leave those roles open."""
    monkeypatch.setenv("TELEPORT_CHATOPS_REVIEW__LINK_ONLY_ROLES", value)
    monkeypatch.setenv("TELEPORT_CHATOPS_SLACK__RECIPIENTS", value)
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_APPROVERS__PROD", value)
    settings = load(tmp_path, WHOLE.split("[role_to_recipients]", maxsplit=1)[0])
    assert settings.review.link_only_roles == ("prod", "ops")
    assert settings.role_to_recipients == {"*": ("prod", "ops")}
    assert settings.role_to_approvers == {"prod": ("prod", "ops")}


def test_recipient_is_any_valid_email_address(tmp_path: Path) -> None:
    """Some addresses contain apostrophes."""
    settings = load(tmp_path, WHOLE.replace("access-requests", "sean.o'brien+x=y@example.com"))
    assert settings.role_to_recipients == {"*": ("sean.o'brien+x=y@example.com",)}


def test_file_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    """Some editors save files as UTF-16."""
    path = tmp_path / "settings.toml"
    path.write_bytes(WHOLE.encode("utf-16"))
    with pytest.raises(SettingsError, match=r"settings\.toml isn't valid TOML"):
        load_settings(path)


@pytest.mark.parametrize("section", ["SLACK", "LOG"])
def test_variable_for_a_whole_section_is_rejected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, section: str
) -> None:
    """The error names one variable of the section."""
    monkeypatch.setenv(f"TELEPORT_CHATOPS_{section}", "debug")
    with pytest.raises(SettingsError, match=f"such as TELEPORT_CHATOPS_{section}__"):
        load(tmp_path, WHOLE)


def test_unknown_variables_are_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They aren't errors because Kubernetes adds some. If a setting is missing, they are a hint."""
    monkeypatch.setenv("TELEPORT_CHATOPS_LOG_SEVERITY", "debug")
    monkeypatch.setenv("TELEPORT_CHATOPS_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS__PROD", "one")
    load(tmp_path, WHOLE)
    with structlog.testing.capture_logs() as logged:
        warn_of_ignored_settings(None)
    assert {(event["variable"], event["suggestion"]) for event in logged} == {
        ("TELEPORT_CHATOPS_LOG_SEVERITY", "TELEPORT_CHATOPS_LOG__SEVERITY"),
        ("TELEPORT_CHATOPS_SERVICE_HOST", None),
    }
    monkeypatch.setenv("TELEPORT_CHATOPS_SLACK_TOKEN", "xoxb-1")
    with pytest.raises(SettingsError, match=r"mean TELEPORT_CHATOPS_SLACK__TOKEN\?") as refused:
        load(tmp_path, WHOLE.replace('token = "xoxb-file"', ""))
    assert "xoxb" not in str(refused.value)


def test_empty_secret_file_is_reported(tmp_path: Path) -> None:
    """A secret file is empty while it is being mounted."""
    (tmp_path / "token").write_text("\n")
    with pytest.raises(SettingsError, match=r"slack\.token: the file .* is empty"):
        load(tmp_path, WHOLE.replace("xoxb-file", str(tmp_path / "token")))


def test_missing_file_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Can't read settings file .*nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("review", "slack", "decides", "token"),
    [
        ("", "", False, None),
        ("", 'app_token = "xapp-1"', True, "xapp-1"),
        ("enabled = false", 'app_token = "xapp-1"', False, "xapp-1"),
        ('enabled = true\napp_token = "xapp-2"', "", True, "xapp-2"),
        ('app_token = "xapp-2"', 'app_token = "xapp-1"', True, "xapp-1"),
        ('enabled = false\napp_token = "xapp-2"', "", False, None),
    ],
)
def test_app_token_enables_reviews_by_default(
    tmp_path: Path, review: str, slack: str, decides: bool, token: str | None
) -> None:
    """The token of the `review` section counts only if reviews are enabled."""
    text = WHOLE.replace("[slack]\n", f"[review]\n{review}\n[slack]\n{slack}\n")
    settings = load(tmp_path, text)
    assert settings.can_decide is decides
    assert (settings.app_token.get_secret_value() if settings.app_token else None) == token


def test_trait_of_the_wrong_type_is_reported_with_its_key(tmp_path: Path) -> None:
    """`link` reads this one setting, even if others are missing."""
    path = tmp_path / "settings.toml"
    path.write_text("[review]\nslack_user_id_trait = 1\n")
    with pytest.raises(SettingsError, match=r"review\.slack_user_id_trait: use a string"):
        slack_user_id_trait(path)
    path.write_text("[review]\nslack_user_id_trait = 'slack'\n")
    assert slack_user_id_trait(path) == "slack"


def test_place_of_a_table_is_that_of_its_first_key() -> None:
    source = Source(places={("review", "mode"): "line 3", ("log",): "line 7"})
    assert source.place(("review",)) == "line 3"
    assert source.place(("log", "output")) == "line 7"
    assert source.place(("slack",)) == ""


def test_recipients_as_text_are_those_of_all_roles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEPORT_CHATOPS_ROLE_TO_RECIPIENTS", "access-requests")
    settings = load(tmp_path, WHOLE)
    assert settings.role_to_recipients["*"] == ("access-requests",)


def test_recipients_of_another_type_are_rejected(tmp_path: Path) -> None:
    text = WHOLE.split("[role_to_recipients]", maxsplit=1)[0]
    with pytest.raises(SettingsError, match="role_to_recipients: use a table"):
        load(tmp_path, f"role_to_recipients = 5\n{text}")
