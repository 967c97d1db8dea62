"""Simulated users that request and review in Slack, with tsh and with tctl."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from commands.slash_commands import APPROVE, DENY
from sandbox.cast import SLACK_TRAIT, Person
from sandbox.slack.server import SlackStandIn
from sandbox.teleport.server import TeleportStandIn
from teleport_client._proto.types_pb2 import PENDING, AccessRequestV3, LockTarget
from teleport_client.client import TeleportClient
from teleport_client.errors import TeleportError
from teleport_client.model.access_request import NewAccessRequest, RequestState, Review
from tests.chaos.bulk_selection import bulk_selection, lists_request
from tests.chaos.end_warnings import shorten_access
from tests.chaos.form_values import FormValues, form_values
from tests.chaos.schedule import Fault, Step, UserAction
from tests.integration.slack_driver import CHANNEL, buttons

REQUESTERS = tuple(
    Person(f"dev-{number}", f"U0DEV{number:05}", f"Dev {number}", ("dev", "prod-requester"))
    for number in range(100)
)
"""Requesters, enough of them that the same user rarely requests twice."""
_REVIEWERS = ("bob", "carol", "dana")
_ROLES = ("staging", "prod")
_REQUESTS = {
    UserAction.REQUEST_IN_SLACK,
    UserAction.REQUEST_HOST,
    UserAction.REQUEST_BY_FORM,
    UserAction.REQUEST_WITH_TSH,
    UserAction.REQUEST_FOR_SECONDS,
}
_OWN_BUTTONS: Mapping[UserAction | Fault, str] = {
    UserAction.CANCEL: "cancel_request",
    UserAction.EXTEND: "extend_access",
    UserAction.DONE: "done",
}
"""Action IDs of the requester's buttons."""
_STOPS = {
    UserAction.DELETE_WITH_TCTL,
    UserAction.LOCK,
    UserAction.LOCK_WITH_TCTL,
    UserAction.UNLOCK_WITH_TCTL,
    UserAction.SHORTEN_ACCESS,
}
_HOSTS = ("staging-db", "staging-web")
_HOURS = 7200.0
"""Seconds until the access ends, longer than a trial."""
_FORM_SECONDS = 3.0


def add_users(slack: SlackStandIn, teleport: TeleportStandIn) -> None:
    """Create a Slack user and a Teleport user for every requester."""
    for person in REQUESTERS:
        slack.workspace.add_person(person)
        teleport.cluster.add_user(
            person.name, person.roles or (), {SLACK_TRAIT: [person.slack_user_id]}
        )


class Users:
    """Requesters, and the reviewers bob, carol and dana.

    They use `tsh` and `tctl` for actions outside the bot.
    """

    def __init__(
        self,
        slack: SlackStandIn,
        teleport: TeleportStandIn,
        *,
        tsh: TeleportClient,
        tctl: TeleportClient,
    ) -> None:
        self._slack = slack
        self._teleport = teleport
        self._tsh = tsh
        self._tctl = tctl
        self.done: Counter[str] = Counter()

    async def do(self, step: Step) -> None:
        """Perform an action. A user doesn't retry after a rejection or a missing response."""
        try:
            did = await self._do(step)
        except (TeleportError, TimeoutError):
            did = False
        self.done[str(step.what) if did else f"{step.what} (without effect)"] += 1

    async def _do(self, step: Step) -> bool:
        reason = f"request number {step.number}."
        if step.what in _REQUESTS:
            return await self._request(step, reason)
        request = self._of(reason)
        if request is None:
            return False
        if step.what in _STOPS:
            return await self._stop(step, request)
        if action := _OWN_BUTTONS.get(step.what):
            return await self._click(request.Spec.User, request.Metadata.Name, action)
        reviewed = {review.Author for review in request.Spec.Reviews}
        left = [name for name in _REVIEWERS if name not in reviewed]
        if request.Spec.State != PENDING or not left:
            return False
        return await self._review(step, request.Metadata.Name, Random(step.at).choice(left))

    async def _stop(self, step: Step, request: AccessRequestV3) -> bool:
        request_id = request.Metadata.Name
        target, cluster = LockTarget(AccessRequest=request_id), self._teleport.cluster
        if step.what is UserAction.LOCK:
            return await self._click(_REVIEWERS[0], request_id, "lock")
        if step.what is UserAction.DELETE_WITH_TCTL:
            cluster.delete_request(request_id)
            return True
        if step.what is UserAction.SHORTEN_ACCESS:
            until_warning = timedelta(seconds=Random(step.at).uniform(0, 3))
            return shorten_access(self._teleport, request, until_warning)
        if step.what is UserAction.LOCK_WITH_TCTL:
            cluster.lock(target, message=f"locked by tctl, {step.number}")
            return True
        held = [name for name, lock in cluster.locks.items() if lock.Spec.Target == target]
        for name in held:
            cluster.delete_lock(name)
        return bool(held)

    async def _review(self, step: Step, request_id: str, reviewer: str) -> bool:
        match step.what:
            case UserAction.APPROVE_IN_SLACK:
                command = f"/teleport-approve {request_id} reason of {step.number}"
                return await self._type(reviewer, command)
            case UserAction.DENY_IN_SLACK:
                return await self._type(reviewer, f"/teleport-deny {request_id} no, {step.number}")
            case UserAction.CLICK_APPROVE:
                return await self._click(reviewer, request_id, "approve")
            case UserAction.DENY_BY_FORM:
                return await self._deny_by_form(reviewer, request_id)
            case UserAction.APPROVE_TOGETHER | UserAction.DENY_TOGETHER:
                return await self._review_together(step, reviewer, request_id)
            case UserAction.APPROVE_WITH_TSH | UserAction.DENY_WITH_TSH:
                approve = step.what is UserAction.APPROVE_WITH_TSH
                state = RequestState.APPROVED if approve else RequestState.DENIED
                await self._tsh.requests.submit_review(
                    request_id, Review(reviewer, state, "by tsh")
                )
            case _:
                state = Random(step.number).choice([RequestState.APPROVED, RequestState.DENIED])
                await self._tctl.requests.set_state(request_id, state, delegator="dana")
        return True

    async def _click(self, who: str, request_id: str, action: str) -> bool:
        """Click a button on the newest message that has it, if there is one.

        The user's own DM takes precedence over the channel.
        """
        for channel in (f"@{who}", CHANNEL):
            for card in reversed(self._slack.control_api.messages(channel, who)):
                button = buttons(card).get(action)
                if button is not None and button["value"] == request_id:
                    click = {"as": who, "do": "click", "channel": channel, "ts": card["ts"]}
                    return await self._act({**click, "action_id": action, "value": request_id})
        return False

    async def _deny_by_form(self, who: str, request_id: str) -> bool:
        if not await self._click(who, request_id, "deny"):
            return False
        form = await self._slack.view_where(
            who, lambda view: request_id in view.get("private_metadata", ""), _FORM_SECONDS
        )
        values = {"reason": {"reason": {"value": "not like this"}}}
        return await self._act({"as": who, "do": "submit", "view_id": form["id"], "values": values})

    async def _review_together(self, step: Step, who: str, request_id: str) -> bool:
        await self._type(who, APPROVE if step.what is UserAction.APPROVE_TOGETHER else DENY)
        form = await self._slack.view_where(
            who, lambda view: lists_request(view, request_id), _FORM_SECONDS
        )
        values = bulk_selection(form, request_id, Random(step.at))
        return await self._act({"as": who, "do": "submit", "view_id": form["id"], "values": values})

    async def _request(self, step: Step, reason: str) -> bool:
        random = Random(step.number)
        who, role = random.choice(REQUESTERS).name, random.choice(_ROLES)
        named = random.choice([(), (), (), ("bob",), ("carol", "dana")])
        if step.what == UserAction.REQUEST_IN_SLACK:
            return await self._type(who, f"/teleport-request {role} because {reason}", f"@{who}")
        if step.what is UserAction.REQUEST_HOST:
            host = random.choice(_HOSTS)
            return await self._type(
                who, f"/teleport-request node/{host} because {reason}", f"@{who}"
            )
        if step.what is UserAction.REQUEST_BY_FORM:
            return await self._request_by_form(who, form_values(random, role, reason))
        seconds = random.uniform(4, 20) if step.what is UserAction.REQUEST_FOR_SECONDS else _HOURS
        await self._tsh.requests.create(
            NewAccessRequest(
                user=who, roles=(role,), reason=reason, suggested_reviewers=named,
                access_until=datetime.now(UTC) + timedelta(seconds=seconds),
            )
        )  # fmt: skip
        return True

    async def _request_by_form(self, who: str, values: FormValues) -> bool:
        await self._type(who, "/teleport-request", f"@{who}")
        form = await self._slack.view_where(
            who, lambda view: any(each.get("block_id") == "roles" for each in view["blocks"]),
            _FORM_SECONDS,
        )  # fmt: skip
        return await self._act({"as": who, "do": "submit", "view_id": form["id"], "values": values})

    async def _type(self, who: str, text: str, channel: str = CHANNEL) -> bool:
        return await self._act({"as": who, "do": "command", "channel": channel, "text": text})

    async def _act(self, action: dict[str, object]) -> bool:
        return bool((await self._slack.act(action))["acked"])

    def _of(self, reason: str) -> AccessRequestV3 | None:
        requests = self._teleport.cluster.requests.values()
        return next((each for each in requests if each.Spec.RequestReason == reason), None)
