"""Slack's half: tokens, scopes, the clock, where cards go, and who is who."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from bot.clock import CURE, MOST_SKEW, skew
from bot.doctor.check import Check, failure, ok, warning
from bot.settings import Settings
from bot.slack_connection import SCOPES, Installation
from bot.slack_scopes import needed_scopes, without
from notifications.address import is_conversation_id
from notifications.recipients import Found, Recipients
from notifications.unreachable import NO_SUCH_CHANNEL, NOT_IN_CHANNEL, cure_of
from teleport_client.errors import TeleportError
from workspace.people import People
from workspace.refusal import Refusal


def tokens(settings: Settings, installation: Installation) -> Iterator[Check]:
    yield ok("slack", f"team {installation.auth_test.get('team')} ({installation.team})")
    yield _scopes(settings, installation)
    if settings.app_token is None:
        yield ok("slack sockets", "no app token: the bot only notifies")
    else:
        yield ok("slack sockets", "Slack gives them")


def _scopes(settings: Settings, installation: Installation) -> Check:
    missing = [scope for scope in SCOPES if scope not in installation.scopes]
    if not missing:
        return ok("slack scopes", "all that are needed")
    effects = "; ".join(map(without, missing))
    cure = (
        f"Add {', '.join(missing)} to the app (OAuth & Permissions, or the manifest that"
        " `teleport-chatops manifest` prints) and install it again."
    )
    worst = failure if {*missing} & {*needed_scopes(settings)} else warning
    return worst("slack scopes", f"the bot's token lacks {', '.join(missing)}: {effects}", cure)


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
        yield _recipient(f"recipient {name}", await found.look_up(name), found)


def _recipient(row: str, found: Found, recipients: Recipients) -> Check:
    if found.trouble:
        return failure(row, found.trouble, cure_of(found.trouble))
    if found.unchecked:
        scopes = " and ".join(found.unchecked)
        return warning(
            row, f"can't be checked without {scopes}; cards go to it unchecked",
            "Make sure that the bot is in this channel and that no other company shares it.",
        )  # fmt: skip
    if found.bot_is_member or recipients.posts_uninvited:
        return ok(row, "reachable")
    trouble = NOT_IN_CHANNEL if is_conversation_id(found.address) else NO_SUCH_CHANNEL
    return failure(row, trouble, cure_of(trouble))


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
