"""The value of a button that carries the ID of a request and nothing else."""

from uuid import UUID

from commands.slash_commands import PENDING
from workspace.views.parts.outdated import outdated_button, reading


def request_id_of(value: str) -> str:
    """Return a button's value if Teleport could use it as the ID of a request.

    Teleport's rule is Go's uuid.Parse (lib/services/access_request.go). Raises UserError.
    """
    with reading(outdated_button(PENDING)):
        UUID(value)
    return value
