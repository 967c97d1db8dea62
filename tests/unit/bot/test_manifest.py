"""The generated manifest matches the registered features and Slack's schema."""

from bot.setup.manifest import manifest, scopes
from commands.slash_commands import COMMANDS, SHORTCUTS


def test_manifest_obeys_slacks_limits() -> None:
    """Check the limits of the manifest schema that a careless change would exceed."""
    made = manifest()
    display = made["display_information"]
    assert 1 <= len(display["name"]) <= 35
    assert 1 <= len(display["description"]) <= 140
    for command in made["features"]["slash_commands"]:
        assert command["command"].startswith("/")
        assert 2 <= len(command["command"]) <= 32
        assert 1 <= len(command["description"]) <= 2000
        assert 1 <= len(command["usage_hint"]) <= 1000
        assert command["should_escape"] is True
    for shortcut in made["features"]["shortcuts"]:
        assert 1 <= len(shortcut["name"]) <= 24
        assert 1 <= len(shortcut["description"]) <= 150
        assert shortcut["type"] in {"global", "message"}
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["interactivity"] == {"is_enabled": True}


def test_manifest_requests_every_scope_and_command() -> None:
    """The manifest uses the same lists as the code."""
    made = manifest()
    assert made["oauth_config"]["scopes"]["bot"] == list(scopes())
    names = [command["command"] for command in made["features"]["slash_commands"]]
    assert names == [command.name for command in COMMANDS]
    shortcuts = [shortcut["callback_id"] for shortcut in made["features"]["shortcuts"]]
    assert shortcuts == [shortcut.callback_id for shortcut in SHORTCUTS]
