"""The app: api.test, auth.test, bots.info, apps.connections.open, usergroups.users.list."""

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call, TokenKind
from sandbox.slack.wire import JsonObject


def echo(call: Call) -> JsonObject:
    """Return the arguments, or the error that `error` asks for (api.test)."""
    if "error" in call.args:
        raise SlackError(call.args.text("error"), args=call.args.values)
    return {"args": call.args.values}


def test(call: Call) -> JsonObject:
    """Return the bot's identity for its token, and the app's for an app-level token."""
    app = call.workspace.app
    if call.token is TokenKind.APP:
        return {"app_name": app.name, "app_id": app.id}
    bot = call.workspace.people[app.bot_user]
    return {
        "url": f"{call.backend.url}/",
        "team": app.team_domain,
        "user": bot.name,
        "team_id": app.enterprise or app.team_id,
        "user_id": app.bot_user,
        "bot_id": app.bot_id,
        "is_enterprise_install": bool(app.enterprise),
    }


def open_connection(call: Call) -> JsonObject:
    ticket = call.backend.tickets.issue()
    address = call.backend.url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={call.workspace.app.id}"}


def bot_info(call: Call) -> JsonObject:
    app = call.workspace.app
    if call.args.text("bot", app.bot_id) != app.bot_id:
        raise SlackError("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "app_id": app.id,
            "user_id": app.bot_user,
            "name": call.workspace.people[app.bot_user].name,
            "deleted": False,
        }
    }


def usergroup_users(call: Call) -> JsonObject:
    """Return no groups: the workspace has none."""
    call.args.required("usergroup")
    return {"users": []}
