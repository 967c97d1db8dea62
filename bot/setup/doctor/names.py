"""Names in the settings that Teleport doesn't know."""

from collections.abc import AsyncIterator, Awaitable

from bot.connect.review_mode import guarding_roles
from bot.connect.unknown_names import Kind, UnknownName, find_unknown_roles, find_unknown_users
from bot.settings.settings import Settings
from bot.setup.doctor.check import Check, failure, ok, warning
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from workspace.requests.review_policy import ReviewMode

_FOUND = {
    Kind.ROLE: "Teleport has no such role, but {setting} names it",
    Kind.USER: (
        "Teleport has no such user now, but {setting} names it; single sign-on users exist only"
        " while they are logged in"
    ),
    Kind.TRAIT: "no Teleport user has it, so no Slack user is linked ({setting})",
}


async def rows(
    teleport: TeleportClient, settings: Settings, mode: ReviewMode, hint: str
) -> AsyncIterator[Check]:
    guarding = guarding_roles(mode, settings)
    looked_up: tuple[tuple[str, Awaitable[tuple[UnknownName, ...]]], ...] = (
        ("roles in the settings", find_unknown_roles(teleport, settings)),
        ("users in the settings", find_unknown_users(teleport, settings)),
    )
    for name, finding in looked_up:
        try:
            unknown = await finding
        except TeleportError as error:
            yield warning(name, f"check failed: {error}", hint)
            continue
        for each in unknown:
            yield _row(each, limits=each.kind is Kind.ROLE and each.name in guarding)
        if not unknown:
            yield ok(name, "all exist")


def _row(unknown: UnknownName, *, limits: bool) -> Check:
    name = f"{unknown.kind} {unknown.name}"
    detail = _FOUND[unknown.kind].format(setting=unknown.setting)
    if limits:
        detail += (
            "; until it exists, it limits requests for all roles, and some can't be reviewed from"
            " Slack"
        )
        return failure(name, detail, unknown.hint)
    return warning(name, detail, unknown.hint)
