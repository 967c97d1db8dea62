"""Shape of an app manifest."""

from sandbox.slack.block_kit.schema import AnyObject, Choice, Flag, Items, Number, Object, String

_URL = String(3500, form=r"https?://.*")
_PROMPTS = Items(
    Object({"title": String(300), "message": String(4000)}, ("title", "message")), 4, least=0
)
_SCOPES = Items(String(50), 255, least=0)
_EVENTS = Items(String(50), 100, least=0, distinct=True)

_DISPLAY_INFORMATION = Object(
    {
        "name": String(35, 1),
        "description": String(140, 1),
        "long_description": String(4000, 175),
        "background_color": String(7, 4, form="#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?"),
    },
    ("name",),
)
_SLASH_COMMAND = Object(
    {
        "command": String(32, 2, form=r"/\S+"),
        "url": String(3000, form=r"https?://.*"),
        "description": String(2000, 1),
        "usage_hint": String(1000, 1),
        "should_escape": Flag(),
    },
    ("command", "description"),
)
_SHORTCUT = Object(
    {
        "name": String(24, 1),
        "type": Choice(("message", "global")),
        "callback_id": String(255, 1),
        "description": String(150, 1),
    },
    ("name", "type", "callback_id", "description"),
)
_APP_HOME = Object(
    {
        "home_tab_enabled": Flag(),
        "messages_tab_enabled": Flag(),
        "messages_tab_read_only_enabled": Flag(),
    }
)
_WORKFLOW_STEP = Object(
    {"name": String(50, 1), "callback_id": String(50, 1)}, ("name", "callback_id")
)
_FEATURES = Object(
    {
        "app_home": _APP_HOME,
        "bot_user": Object(
            {"display_name": String(80, 1), "always_online": Flag()}, ("display_name",)
        ),
        "functions": Items(AnyObject(), 50, least=0),
        "shortcuts": Items(_SHORTCUT, 10),
        "slash_commands": Items(_SLASH_COMMAND, 50),
        "workflow_steps": Items(_WORKFLOW_STEP, 10),
        "unfurl_domains": Items(String(255), 5, distinct=True),
        "assistant_view": Object(
            {"assistant_description": String(4000), "suggested_prompts": _PROMPTS},
            ("assistant_description",),
        ),
        "agent_view": Object(
            {
                "agent_description": String(300),
                "suggested_prompts": _PROMPTS,
                "actions": Items(AnyObject(), 50, least=0),
            }
        ),
    }
)
_OAUTH_CONFIG = Object(
    {
        "redirect_urls": Items(String(2500), 1000, least=0, distinct=True),
        "scopes": Object(
            dict.fromkeys(("bot", "bot_optional", "user", "user_optional"), _SCOPES),
        ),
        "token_management_enabled": Flag(),
        "pkce_enabled": Flag(),
    }
)
_SETTINGS = Object(
    {
        "allowed_ip_address_ranges": Items(String(18), 50, distinct=True),
        "event_subscriptions": Object(
            {
                "request_url": _URL,
                "bot_events": _EVENTS,
                "user_events": _EVENTS,
                "metadata_subscriptions": Items(
                    Object(
                        {"app_id": String(255), "event_type": String(50)}, ("app_id", "event_type")
                    ),
                    20,
                    distinct=True,
                ),
            }
        ),
        "incoming_webhooks": Object({"incoming_webhooks_enabled": Flag()}),
        "interactivity": Object(
            {"is_enabled": Flag(), "request_url": _URL, "message_menu_options_url": _URL},
            ("is_enabled",),
        ),
        "org_deploy_enabled": Flag(),
        "socket_mode_enabled": Flag(),
        "is_hosted": Flag(),
        "token_rotation_enabled": Flag(),
        "siws_links": Object({"initiate_uri": String(3500, form="https://.*")}),
        "hermes_app_type": String(255),
        "function_runtime": String(255),
        "is_mcp_enabled": Flag(),
    }
)
_METADATA = Object(
    {
        "schema_version": Number(),
        "min_version": Number(),
        "major_version": Number(1, 2),
        "minor_version": Number(),
    }
)
MANIFEST = Object(
    {
        "$schema": String(3000),
        "_metadata": _METADATA,
        "display_information": _DISPLAY_INFORMATION,
        "features": _FEATURES,
        "oauth_config": _OAUTH_CONFIG,
        "settings": _SETTINGS,
        # A bot without Slack's hosting has no use for these; their contents aren't checked.
        "app_directory": AnyObject(),
        "functions": AnyObject(),
        "workflows": AnyObject(),
        "datastores": AnyObject(),
        "outgoing_domains": Items(String(50), 10, least=0, distinct=True),
        "types": AnyObject(),
        "external_auth_providers": AnyObject(),
        "mcp_servers": AnyObject(),
    },
    ("display_information",),
)
