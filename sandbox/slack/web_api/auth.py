"""Who the app is: auth.test, bots.info, apps.connections.open, usergroups.users.list."""

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call
from sandbox.slack.wire import JsonObject


def test(call: Call) -> JsonObject:
    app = call.workspace.app
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
    """The workspace has no user groups that the app could ask for."""
    call.args.required("usergroup")
    return {"users": []}
