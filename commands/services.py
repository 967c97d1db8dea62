"""What every command may use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from commands.on_behalf import OnBehalf
from commands.patience import patiently
from commands.permissions import Permissions
from teleport_client.access_request import AccessRequest
from teleport_client.client import TeleportClient
from workspace.deciding import Deciding
from workspace.one_at_a_time import OneAtATime
from workspace.people import People, Person
from workspace.views.card import CardFace, face_of


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say about acting from Slack."""

    cluster: str
    pages: str = ""
    """Address that request ids are appended to, where Teleport has pages for them."""
    can_ask: bool = True
    approve_with_reason: bool = False


@dataclass(frozen=True, slots=True)
class Services:
    teleport: TeleportClient
    people: People
    permissions: Permissions
    slack: AsyncWebClient
    http: aiohttp.ClientSession
    changed: Callable[[str], None]
    """Called with the id of a request that was created or decided here."""
    now: Callable[[], datetime]
    certificate_ends: Callable[[], datetime]
    """When the bot's own certificate ends, as it is now."""
    policy: Policy
    deciding: Deciding
    on_behalf: OnBehalf
    asking: OneAtATime
    """By Teleport user: whoever asks twice at once is not to get two requests."""

    async def person(self, slack_id: str, *, fresh: bool = False) -> Person:
        """Tell who acts. Raises Refusal, TeleportError, SlackApiError."""
        return await patiently(lambda _: self.people.person(slack_id, fresh=fresh))

    def face(self, request: AccessRequest) -> CardFace:
        return face_of(
            request,
            self.now(),
            pages=self.policy.pages,
            mode=self.deciding.mode_of(request),
        )
