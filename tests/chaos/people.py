"""People who ask and decide, in Slack and elsewhere, whatever works at that moment."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from sandbox.cast import SLACK_TRAIT, Person
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import PENDING, AccessRequestV3
from teleport_client.access_request import NewAccessRequest, RequestState, Review
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from tests.chaos.schedule import Deed, Step
from tests.integration.stage import CHANNEL

CREW = tuple(
    Person(f"dev-{number}", f"U0DEV{number:05}", f"Dev {number}", ("dev", "prod-requester"))
    for number in range(100)
)
"""Enough people that few of them ask for what they have asked for already."""
_REVIEWERS = ("bob", "carol", "dana")
_ROLES = ("staging", "prod")


def settle_in(slack: SlackStandIn, teleport: TeleportStandIn) -> None:
    """Give everybody of the crew their two accounts."""
    for person in CREW:
        slack.workspace.admit(person)
        teleport.cluster.add_user(person.name, person.roles or (), {SLACK_TRAIT: [person.slack_id]})


class People:
    """The crew asks; bob, carol and dana decide."""

    def __init__(
        self, slack: SlackStandIn, teleport: TeleportStandIn, elsewhere: TeleportClient
    ) -> None:
        self._slack = slack
        self._teleport = teleport
        self._elsewhere = elsewhere
        self.done: Counter[str] = Counter()
        self.deleted: dict[str, AccessRequestV3] = {}
        """As they were when somebody deleted them."""

    async def do(self, step: Step) -> None:
        """Try it. Somebody who is told no, or nothing, lets it be."""
        try:
            did = await self._do(step)
        except TeleportError:
            did = False
        self.done[str(step.what) if did else f"{step.what} (came to nothing)"] += 1

    async def _do(self, step: Step) -> bool:
        reason = f"request number {step.number}."
        if step.what in {Deed.ASK_IN_SLACK, Deed.ASK_ELSEWHERE}:
            return await self._ask(step, reason)
        request = self._of(reason)
        if request is None or (
            request.Spec.State != PENDING and step.what != Deed.DELETE_WITH_TCTL
        ):
            return False
        request_id = request.Metadata.Name
        voted = {review.Author for review in request.Spec.Reviews}
        reviewer = next(name for name in _REVIEWERS if name not in voted)
        match step.what:
            case Deed.APPROVE_IN_SLACK | Deed.DENY_IN_SLACK:
                command = "approve" if step.what == Deed.APPROVE_IN_SLACK else "deny"
                return await self._type(
                    reviewer, f"/teleport-{command} {request_id} said of {step.number}"
                )
            case Deed.APPROVE_ELSEWHERE:
                await self._elsewhere.submit_review(
                    request_id, Review(reviewer, RequestState.APPROVED, "by tsh")
                )
            case Deed.RESOLVE_WITH_TCTL:
                state = Random(step.number).choice([RequestState.APPROVED, RequestState.DENIED])
                await self._elsewhere.set_request_state(request_id, state, delegator="dana")
            case _:
                self.deleted[request_id] = request
                self._teleport.cluster.delete_request(request_id)
        return True

    async def _ask(self, step: Step, reason: str) -> bool:
        random = Random(step.number)
        who, role = random.choice(CREW).name, random.choice(_ROLES)
        named = random.choice([(), (), (), ("bob",), ("carol", "dana")])
        if step.what == Deed.ASK_IN_SLACK:
            return await self._type(who, f"/teleport-request {role} because {reason}", f"@{who}")
        await self._elsewhere.create_request(
            NewAccessRequest(
                user=who, roles=(role,), reason=reason, suggested_reviewers=named,
                access_until=datetime.now(UTC) + timedelta(hours=2),
            )
        )  # fmt: skip
        return True

    async def _type(self, who: str, text: str, channel: str = CHANNEL) -> bool:
        done = await self._slack.act({"as": who, "do": "command", "channel": channel, "text": text})
        return bool(done["acked"])

    def _of(self, reason: str) -> AccessRequestV3 | None:
        requests = self._teleport.cluster.requests.values()
        return next((each for each in requests if each.Spec.RequestReason == reason), None)
