"""Reviewers that repeatedly open App Home, and the differences between their tabs and Teleport.

A killed replica refreshes no tab, and the other replicas don't get its events. So each reviewer
opens the tab again after the last fault. From then on, it has to agree with Teleport.
"""

import asyncio
import re
from collections.abc import Iterator

from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import PENDING
from tests.integration.slack_driver import words

_REVIEWERS = ("bob", "carol")
_PAUSE = 1.0
"""Seconds between two openings of one user."""
_COUNT = re.compile(r"Waiting for your review(?: \((\d+)\))?")


async def open_homes(slack: SlackStandIn) -> None:
    """Open the tab of each reviewer once. Without an ack, Slack sends the event again."""
    for who in _REVIEWERS:
        await slack.act({"as": who, "do": "home"})


async def keep_opening(slack: SlackStandIn) -> None:
    while True:
        await open_homes(slack)
        await asyncio.sleep(_PAUSE)


def wrong_homes(slack: SlackStandIn, teleport: TeleportStandIn) -> Iterator[str]:
    """Yield each tab that shows another number of requests to review than there are."""
    for who in _REVIEWERS:
        view = slack.control_api.views(who)["home"]
        shown = _COUNT.search(words(view)) if view else None
        expected = sum(
            request.Spec.State == PENDING
            and request.Spec.User != who
            and all(review.Author != who for review in request.Spec.Reviews)
            for request in teleport.cluster.requests.values()
        )
        found = int(shown[1] or 0) if shown else None
        if found != expected:
            yield f"App Home of {who} shows {found} of {expected} requests to review"
