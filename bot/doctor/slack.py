"""Slack's half: tokens, scopes, the clock, where cards go, and who is who."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from bot.clock import CURE, MOST_SKEW, skew
from bot.doctor.check import Check, failure, ok, warning
from bot.settings import Settings
from bot.slack_connection import SCOPES, Installation
from notifications.recipients import Found, Recipients
from teleport_client.errors import TeleportError
from workspace.people import People
from workspace.refusal import Refusal


def tokens(settings: Settings, installation: Installation) -> Iterator[Check]:
    yield ok("slack", f"team {installation.auth_test.get('team')} ({installation.team})")
    missing = [scope for scope in SCOPES if scope not in installation.scopes]
    if missing:
        yield failure(
            "slack scopes",
            f"the bot's token lacks {', '.join(missing)}",
            "Take the manifest that `teleport-chatops manifest` prints, and install the app again.",
        )
    else:
        yield ok("slack scopes", "all that are needed")
    if settings.app_token is None:
        yield ok("slack sockets", "no app token: the bot only notifies")
    else:
        yield ok("slack sockets", "Slack gives them")


def clock(installation: Installation, now: datetime) -> Check:
    """By the time at which Slack answered; what Teleport is asked for are absolute times."""
    try:
        off = skew(installation.answered, now)
    except ValueError:
        return warning("clock", "Slack told no time", "Look at it yourself, with `date`.")
    if off > MOST_SKEW:
        return warning("clock", f"{off.total_seconds():.0f} s off Slack's", f"{CURE.capitalize()}.")
    return ok("clock", "as Slack's")


async def recipients(found: Recipients, settings: Settings) -> AsyncIterator[Check]:
    """Each name in the settings, the fallback channel's last."""
    names = [name for names in settings.role_to_recipients.values() for name in names]
    if settings.slack.fallback_channel:
        names.append(settings.slack.fallback_channel)
    for name in dict.fromkeys(names):
        match await found.look_up(name):
            case Found(trouble="", bot_is_member=True):
                yield ok(f"recipient {name}", "reachable")
            case Found(trouble=""):
                yield failure(
                    f"recipient {name}", "the bot is not in this channel",
                    "Invite it there: /invite and the bot's name.",
                )  # fmt: skip
            case Found(trouble=trouble):
                yield failure(
                    f"recipient {name}", trouble,
                    "Correct the name in the settings, or invite the bot if it is private.",
                )  # fmt: skip


async def person(people: People, slack_id: str) -> Check:
    """Who somebody in Slack is in Teleport."""
    name = f"person {slack_id}"
    try:
        known = await people.person(slack_id, fresh=True)
    except Refusal as refusal:
        return failure(name, refusal.sentence, refusal.command or "See the sentence.")
    except TeleportError as error:
        return failure(name, f"Teleport does not tell: {error}", "See the rows on its rights.")
    return ok(name, f"is {known.name} in Teleport")
