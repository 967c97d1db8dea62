"""Users: users.info, users.list, users.lookupByEmail."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.cast import AccountType, Person
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.call import Call
from sandbox.slack.web_api.paging import next_cursor, page
from sandbox.slack.wire import JsonObject

_EMAIL_SCOPE = "users:read.email"


def info(call: Call) -> JsonObject:
    person = call.workspace.people.get(call.args.text("user"))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": _user_json(call, person)}


def lookup_by_email(call: Call) -> JsonObject:
    """Return a user of this team by email. Deactivated users count as missing."""
    email = call.args.required("email").lower()
    for person in call.workspace.people.values():
        if person.email.lower() == email and _can_be_looked_up(person):
            return {"user": _user_json(call, person)}
    raise SlackError("users_not_found")


def list_users(call: Call) -> JsonObject:
    shown, cursor = page(list(call.workspace.people.values()), call.args)
    return {"members": [_user_json(call, person) for person in shown], **next_cursor(cursor)}


def _can_be_looked_up(person: Person) -> bool:
    return person.account_type in (AccountType.MEMBER, AccountType.GUEST)


def _shares_channel(call: Call, person: Person) -> bool:
    """Return whether the bot and the person share a channel; then Slack doesn't report a stranger.

    Source: docs.slack.dev/reference/objects/user-object.
    """
    return any(
        conversation.shared
        and {person.slack_user_id, call.workspace.app.bot_user} <= conversation.members
        for conversation in call.workspace.conversations.values()
    )


def _user_json(call: Call, person: Person) -> JsonObject:
    """Return the fields of a user that the granted scopes allow."""
    zone = ZoneInfo(person.timezone)
    offset = datetime.fromtimestamp(call.workspace.now(), zone).utcoffset()
    return {
        "id": person.slack_user_id,
        "team_id": call.workspace.team_of(person),
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.account_type is AccountType.DEACTIVATED,
        "is_bot": person.account_type is AccountType.BOT,
        "is_restricted": person.account_type is AccountType.GUEST,
        "is_ultra_restricted": False,
        "is_stranger": person.account_type is AccountType.STRANGER
        and not _shares_channel(call, person),
        "is_email_confirmed": person.account_type is not AccountType.BOT and person.email_confirmed,
        "tz": person.timezone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": _profile(call, person),
    }


def _profile(call: Call, person: Person) -> JsonObject:
    profile: JsonObject = {"real_name": person.real_name, "display_name": person.name}
    if person.account_type is AccountType.BOT:
        return profile
    if _EMAIL_SCOPE in call.workspace.app.scopes:
        profile["email"] = person.email
    return profile
