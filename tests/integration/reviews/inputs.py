"""Input of the review forms, in Slack's form."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.editions import Edition
from sandbox.teleport.server import TeleportStandIn
from tests.integration.clusters import run_cluster
from tests.integration.slack_driver import Stage


def text(value: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": value}


def moment(when: datetime) -> dict[str, Any]:
    return {"type": "datetimepicker", "selected_date_time": int(when.timestamp())}


def boxes(view: Mapping[str, Any], block_id: str, *values: str) -> dict[str, Any]:
    """Select the options of a checkboxes input with these values."""
    options = field(view, block_id)["options"]
    chosen = [option for option in options if option["value"] in values]
    return {"type": "checkboxes", "selected_options": chosen}


def field(view: Mapping[str, Any], block_id: str) -> dict[str, Any]:
    """Return the element of an input."""
    (found,) = (each["element"] for each in view["blocks"] if each.get("block_id") == block_id)
    return dict(found)


def fields(view: Mapping[str, Any]) -> list[str]:
    """Return the block IDs of a form's inputs."""
    return [each["block_id"] for each in view["blocks"] if each["type"] == "input"]


def errors(done: dict[str, Any]) -> dict[str, str]:
    """Return the errors at the fields of a submitted form."""
    return dict((done["payload"] or {}).get("errors", {}))


def set_review(*lines: str) -> Callable[[str], str]:
    """Return a change of the settings file."""
    added = "".join(f"{line}\n" for line in lines)
    return lambda settings: settings.replace("[review]\n", f"[review]\n{added}")


@asynccontextmanager
async def community(
    slack: SlackStandIn,
    data: Path,
    *settings: str,
    prepare: Callable[[TeleportStandIn], object] = lambda _: None,
) -> AsyncIterator[Stage]:
    """Run a cluster whose approvers override, and where alice can request several roles."""
    change = set_review(*settings)
    async with run_cluster(slack, data, Edition.COMMUNITY, change=change, prepare=prepare) as (
        stage,
        _,
    ):
        yield stage
