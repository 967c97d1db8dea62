"""Reads claims from Teleport, which name the approver of a request in mode `override`."""

from teleport_client.client import TeleportClient
from teleport_client.model.access_request import AccessRequest
from workspace.bounded_dict import BoundedDict
from workspace.requests.claim import KEY, PLUGIN, Claim, attribution, claim_from

_MAX_CACHED = 10_000


class Claims:
    """Reads the claims of resolved requests once. The claim of a resolved request never changes."""

    def __init__(self, teleport: TeleportClient) -> None:
        self._teleport = teleport
        self._found: BoundedDict[str, Claim] = BoundedDict(_MAX_CACHED)

    def known(self, request_id: str) -> Claim | None:
        return self._found.get(request_id)

    async def of(self, request: AccessRequest) -> Claim | None:
        """Return the claim on a request that was resolved from Slack. Raises TeleportError."""
        if attribution(request, None) is None:
            return None
        if found := self._found.get(request.id):
            return found
        stored = await self._teleport.plugin_data.list(PLUGIN, request_id=request.id)
        claim = claim_from(stored.get(request.id, {}).get(KEY, ""))
        if claim is not None:
            self._found[request.id] = claim
        return claim
