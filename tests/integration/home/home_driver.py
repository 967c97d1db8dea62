"""Users of App Home, as the steps of a test."""

from collections.abc import Callable
from typing import Any

from sandbox.slack.control.journal import ApiCall
from sandbox.slack.server import SlackStandIn
from tests.integration.slack_driver import Stage, buttons, words


async def open_home(stage: Stage, who: str) -> None:
    done = await stage.slack.act({"as": who, "do": "home"})
    assert (done["acked"], done["error"]) == (True, None), done


async def home_where(
    stage: Stage, who: str, fits: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """Return the user's tab once the condition holds."""
    return await stage.slack.view_where(who, lambda v: v["type"] == "home" and fits(v))


async def opened_home(stage: Stage, who: str, needle: str = "") -> dict[str, Any]:
    """Open the tab, and return it once it contains the text."""
    await open_home(stage, who)
    return await home_where(stage, who, lambda view: needle in words(view))


async def modal_with(stage: Stage, who: str, needle: str) -> dict[str, Any]:
    return await stage.slack.view_where(who, lambda v: v["type"] == "modal" and needle in words(v))


async def click_in(stage: Stage, who: str, view: dict[str, Any], action: str) -> None:
    """Click the first button with this action in a view."""
    done = await stage.slack.act(
        {
            "as": who,
            "do": "click",
            "view_id": view["id"],
            "action_id": action,
            "value": buttons(view)[action]["value"],
        }
    )
    assert (done["acked"], done["error"]) == (True, None), done


def publications(slack: SlackStandIn) -> list[ApiCall]:
    return [call for call in slack.journal.calls if call.method == "views.publish"]
