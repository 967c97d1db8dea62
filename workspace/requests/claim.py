"""Claims: records of the approver behind each resolution in mode `override`.

Teleport records only the bot. Before the bot sets a request's state, it wins a compare-and-swap on
the claim of the request. So if two approvers click at the same time, only one changes the state.
Afterwards the claim attributes the resolution: the resolve reason names the approver, but every
user with permission to resolve requests can write such a text. So the name counts only if the
claim, which the bot wrote earlier, confirms it.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from teleport_client.model.access_request import AccessRequest, RequestState
from workspace.moment import Moment

PLUGIN, KEY = "teleport-chatops", "decision"
"""Plugin data of claims. The bots of all workspaces on a cluster share this name."""


class Claim(BaseModel):
    model_config = ConfigDict(frozen=True)

    by: str
    state: RequestState
    at: Moment
    roles: tuple[str, ...] = ()
    """Roles that the approval grants, if it leaves some out."""
    start: Moment | None = None
    """Start of the access that the approval sets."""

    def to_json(self) -> str:
        """Return the JSON for plugin data, without default values, as in earlier versions."""
        return self.model_dump_json(exclude_defaults=True)

    def is_repeated_by(self, later: "Claim") -> bool:
        """Return whether a later claim is for the same decision by the same user."""
        return later.model_copy(update={"at": self.at}) == self


@dataclass(frozen=True, slots=True)
class Attribution:
    """A resolution from Slack."""

    user: str
    """The approver, empty if no claim confirms the name."""
    reason: str
    """The approver's own words."""


def claim_from(text: str) -> Claim | None:
    """Read a claim from plugin data. Return None for an invalid one."""
    try:
        return Claim.model_validate_json(text)
    except ValidationError:
        return None


def attributed_reason(state: RequestState, user: str, reason: str) -> str:
    """Return the resolve reason, because Teleport shows a delegator only in its audit log."""
    signature = f"{state} by {user} from Slack"
    return f"{signature}: {reason}" if reason else signature


def attribution(request: AccessRequest, claim: Claim | None) -> Attribution | None:
    """Read the resolve reason. Return None if it doesn't name an approver in Slack."""
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
    """Return whether the resolve reason names this user as the approver in Slack."""
    return _after(attributed_reason(request.state, user, ""), request.resolve_reason) is not None


def _after(signature: str, text: str) -> str | None:
    """Return the reason after a signature, None for a text with another beginning."""
    if text == signature:
        return ""
    return text.removeprefix(f"{signature}: ") if text.startswith(f"{signature}: ") else None
