"""A real cluster, users in Slack, and the settings of a bot between them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.bot_process import write_settings
from sandbox.slack.server import SlackStandIn
from tests.integration.slack_driver import SlackDriver, buttons, words
from tests.real_teleport.harness.cast_resources import ACCOUNTS
from tests.real_teleport.harness.cluster import Cluster
from tests.real_teleport.harness.features import ServerFeatures
from tests.real_teleport.harness.tsh import Logins, Tsh
from workspace.card_model.status import Status
from workspace.views.cards.status_line import status_text

PENDING = 1
APPROVED = 2
DENIED = 3
"""Values of `spec.state` in tctl's output."""


@dataclass(frozen=True)
class Setting:
    """Shared by all tests: a cluster with the cast and the bot's role, and a workspace."""

    cluster: Cluster
    features: ServerFeatures
    identity: Path
    """Of a user with the bot's role."""
    logins: Logins
    slack: SlackStandIn


@dataclass(frozen=True)
class World:
    """The parts that belong to one test."""

    setting: Setting
    people: SlackDriver
    data: Path
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def cluster(self) -> Cluster:
        return self.setting.cluster

    def settings(self, **changes: Any) -> Path:
        """Write the bot's settings, with another `teleport` address or `identity` if given."""
        given: dict[str, Any] = {
            "teleport": self.cluster.auth,
            "identity": self.setting.identity,
        } | changes
        return write_settings(
            self.data, slack_api=self.setting.slack.api_url, approvers=True, **given
        )

    def grant_history(self) -> None:
        """Let the bot look up whether a message arrived, so that it sends none twice."""
        self.setting.slack.workspace.app.scopes.update({"channels:history", "im:history"})

    async def tsh(self, who: str, *arguments: str) -> str:
        """Run `tsh` as a logged-in user. Raises ProgramFailed."""
        return await (await self.login(who)).run(*arguments)

    async def login(self, who: str) -> Tsh:
        """Return the user's login in this test."""
        login = await self.setting.logins.of(ACCOUNTS[who])
        return login.copied(self.data / "tsh" / who)

    async def requested(self, who: str, text: str, reason: str) -> tuple[str, dict[str, Any]]:
        """Request access with a command in Slack. Return the request's ID and its card."""
        await self.people.type(who, f"/teleport-request {text} because {reason}")
        card = await self.people.card(reason)
        return await self.id_of(card), card

    async def requests(self) -> list[dict[str, Any]]:
        """List the requests of this test. A lagging cache can still show those of the last one."""
        return [
            each
            for each in await self.cluster.requests()
            if datetime.fromisoformat(each["spec"]["created"]) >= self.started
        ]

    async def id_of(self, card: Mapping[str, Any]) -> str:
        """Return the id of a card's request, of which a card without buttons shows the start."""
        if "approve" in (shown := buttons(dict(card))):
            return str(shown["approve"]["value"])
        found = [
            each["metadata"]["name"]
            for each in await self.requests()
            if each["metadata"]["name"][-8:] in words(card)
        ]
        assert len(found) == 1, card
        return str(found[0])

    async def requested_by_tsh(
        self, who: str, roles: str, reason: str, *options: str
    ) -> tuple[str, dict[str, Any]]:
        """Request access with tsh. Return the request's ID and its card."""
        request_id = await self.requested_unseen(who, roles, reason, *options)
        return request_id, await self.people.card(reason)

    async def requested_unseen(self, who: str, roles: str, reason: str, *options: str) -> str:
        """Request access with tsh while no bot runs. Return the request's ID."""
        said = await self.tsh(
            who, "request", "create", "--nowait", f"--roles={roles}", f"--reason={reason}", *options
        )
        return request_id_in(said)

    async def approved(self, card: Mapping[str, Any]) -> dict[str, Any]:
        return await self.closed(card, Status.APPROVED)

    async def denied(self, card: Mapping[str, Any]) -> dict[str, Any]:
        return await self.closed(card, Status.DENIED)

    async def closed(self, card: Mapping[str, Any], status: Status) -> dict[str, Any]:
        """Return a card as soon as it is closed with that status."""
        return await self.people.card_where(card["ts"], lambda m: is_closed(m, status))


def request_id_in(text: str) -> str:
    """Return the request's ID from a user's DM."""
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    assert found is not None, text
    return found[0]


def is_closed(card: Mapping[str, Any], status: Status) -> bool:
    """Return whether a card shows the status and has no buttons to review with."""
    open_buttons = {"approve", "deny"} & buttons(dict(card)).keys()
    return not open_buttons and status_text(status) in words(card)


def decided_by(request: Mapping[str, Any], who: str) -> bool:
    """Return whether Teleport has it from Slack in that user's name, by a review or a reason."""
    spec = request["spec"]
    authors = [review["author"] for review in spec.get("reviews") or ()]
    return who in authors or f"by {who} from Slack" in spec.get("resolve_reason", "")
