"""Who resolved a request from Slack in mode `override`, where Teleport records only the bot.

The resolve reason names the approver, but everyone who can resolve requests can write such a text.
So the name counts only if the claim that the bot recorded before says the same.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from teleport_client.client import TeleportClient
from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.bounded import BoundedDict
from workspace.moment import Moment

PLUGIN, KEY = "teleport-chatops", "decision"
"""Where claims are kept: under one name for all workspaces whose bots decide on this cluster."""
_MOST_REMEMBERED = 10_000


class Claim(BaseModel):
    """Who is about to decide what."""

    model_config = ConfigDict(frozen=True)

    by: str
    state: RequestState
    at: Moment


@dataclass(frozen=True, slots=True)
class Attribution:
    """A resolution from Slack."""

    user: str
    """The approver, empty if no claim confirms the name."""
    reason: str
    """What the approver wrote."""


class Claims:
    """Reads the claims of resolved requests, and remembers those that it found."""

    def __init__(self, teleport: TeleportClient) -> None:
        self._teleport = teleport
        self._found: BoundedDict[str, Claim] = BoundedDict(_MOST_REMEMBERED)

    def known(self, request_id: str) -> Claim | None:
        return self._found.get(request_id)

    async def of(self, request: AccessRequest) -> Claim | None:
        """Return the claim on a request that was resolved from Slack. Raises TeleportError."""
        if attribution(request, None) is None:
            return None
        if found := self._found.get(request.id):
            return found
        kept = await self._teleport.plugin_data.list(PLUGIN, request_id=request.id)
        claim = claim_from(kept.get(request.id, {}).get(KEY, ""))
        if claim is not None:
            self._found[request.id] = claim
        return claim


def claim_from(text: str) -> Claim | None:
    """Read a claim as plugin data keeps it. A text that is none counts as no claim."""
    try:
        return Claim.model_validate_json(text)
    except ValidationError:
        return None


def attributed_reason(state: RequestState, user: str, reason: str) -> str:
    """Write the resolve reason: Teleport shows a delegator in its audit log alone."""
    words = f"{state} by {user} from Slack"
    return f"{words}: {reason}" if reason else words


def attribution(request: AccessRequest, claim: Claim | None) -> Attribution | None:
    """Read the resolve reason of a request. None if it does not name an approver in Slack."""
    if claim is not None and claim.state is request.state:
        rest = _after(attributed_reason(request.state, claim.by, ""), request.resolve_reason)
        if rest is not None:
            return Attribution(claim.by, rest)
    named, from_slack, _ = request.resolve_reason.partition(" from Slack")
    if not named.startswith(f"{request.state} by "):
        return None
    rest = _after(named + from_slack, request.resolve_reason) if from_slack else None
    return None if rest is None else Attribution("", rest)


def is_attributed_to(request: AccessRequest, user: str) -> bool:
    """Whether the resolve reason names this user as the approver in Slack."""
    return _after(attributed_reason(request.state, user, ""), request.resolve_reason) is not None


def _after(signature: str, text: str) -> str | None:
    """Return the reason that follows a signature, None if the text is not signed so."""
    if text == signature:
        return ""
    return text.removeprefix(f"{signature}: ") if text.startswith(f"{signature}: ") else None
