"""The slash commands as the Slack app's manifest describes them.

`teleport-chatops manifest` imports this module, so it imports no listener, no Bolt and no gRPC.
`register.py` connects each name to its listener.
"""

from dataclasses import dataclass

REQUEST, PENDING = "/teleport-request", "/teleport-pending"
APPROVE, DENY = "/teleport-approve", "/teleport-deny"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    name: str
    description: str
    usage_hint: str


COMMANDS = (
    SlashCommand(REQUEST, "Request access to Teleport roles", "staging for 2h because … | help"),
    SlashCommand(PENDING, "List pending access requests", "[mine | reviewable | all | help]"),
    SlashCommand(APPROVE, "Approve an access request", "[id] [reason] | help"),
    SlashCommand(DENY, "Deny an access request", "[id] [reason] | help"),
)
