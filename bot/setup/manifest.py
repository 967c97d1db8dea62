"""The Slack app manifest of what the code registers (docs.slack.dev/reference/app-manifest)."""

from typing import Any

from bot.connect.slack_connection import SCOPES
from commands.slash_commands import COMMANDS

NAME = "Teleport"


def manifest() -> dict[str, Any]:
    """Build it; Slack takes it as JSON where a new app is made from a manifest."""
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": NAME,
            "description": "Ask for, review and follow Teleport access from Slack",
            "background_color": "#512fc9",
        },
        "features": {
            "bot_user": {"display_name": NAME, "always_online": True},
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "slash_commands": [
                {
                    "command": command.name,
                    "description": command.description,
                    "usage_hint": command.usage_hint,
                    "should_escape": True,
                }
                for command in COMMANDS
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": True,
            "org_deploy_enabled": False,
            "token_rotation_enabled": False,
        },
    }
