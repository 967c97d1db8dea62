"""State that earlier versions of the bot left in Teleport and Slack, from the files in `data/`.

Each file is named for the commit whose bot wrote it, while it ran between that commit's stand-ins:
- `requests`: one access request for each state that an entry can record, by the state's name
- `plugin_data`: the bot's records of them, by request ID and plugin name
- `messages`: every Slack message that the bot had posted
- `buttons`: blocks with each kind of button, for a request with the ID `REQUEST-ID`
- `forms`: views as they were open, for the same request

ad5389f is the first version with this format; bacf379 has every field that was added before the
modules moved. All times of the requests end in the year 2100, so they never expire.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

COMMITS = ("ad5389f", "bacf379")
PLUGIN = "teleport-chatops/T0SANDBOX1"
_DATA = Path(__file__).parent / "data"
_REQUEST_ID = "REQUEST-ID"


@dataclass(frozen=True, slots=True)
class OlderVersion:
    commit: str
    content: dict[str, Any]

    def request_id(self, state: str) -> str:
        """Return the ID of the request in that state, one of the names in `requests`."""
        found: str = self.content["requests"][state]["Metadata"]["Name"]
        return found

    def entry(self, state: str) -> dict[str, Any]:
        """Return the entry of that request, parsed."""
        stored = self.content["plugin_data"][self.request_id(state)][PLUGIN]
        found: dict[str, Any] = json.loads(stored["entry"])
        return found

    def blocks(self, name: str, request_id: str) -> list[dict[str, Any]]:
        """Return blocks with buttons for a request."""
        found: list[dict[str, Any]] = self._for(request_id, self.content["buttons"][name])
        return found

    def form(self, name: str, request_id: str) -> dict[str, Any]:
        """Return an open form for a request."""
        found: dict[str, Any] = self._for(request_id, self.content["forms"][name])
        return found

    def _for(self, request_id: str, content: Any) -> Any:
        return json.loads(json.dumps(content).replace(_REQUEST_ID, request_id))


@cache
def older_version(commit: str) -> OlderVersion:
    return OlderVersion(commit, json.loads((_DATA / f"{commit}.json").read_text()))


def fingerprints(entry: dict[str, Any]) -> dict[str, str]:
    """Return the fingerprint of each card in an entry, by slot."""
    return {
        each["slot"]: each["face"]
        for each in entry.get("messages", ())
        if each["slot"].startswith("card:")
    }
