"""The help of each command."""

from workspace.views.parts import rich
from workspace.views.parts.message import Message, message

_EXAMPLES = {
    "/teleport-request": (
        ("staging", "request a role"),
        ("staging prod for 2h because redis is stuck", "with a duration and a reason"),
        ("", "open a form with the roles and resources you can request"),
        ("node/staging-db until 5pm", "a resource, until a time"),
        ("staging from tomorrow 9:00 for 4h", "with a later start"),
        ("staging because redis is stuck reviewers @bob", "with a suggested reviewer"),
        ('prod --duration 2h --reviewers bob,carol --reason "redis"', "the same with flags"),
        ("staging --session-ttl 1h", "with shorter sessions"),
    ),
    "/teleport-pending": (
        ("", "your requests and requests to review"),
        ("mine", "only your requests"),
        ("reviewable", "only requests you can review"),
        ("suggested", "only requests that suggest you as a reviewer"),
        ("active", "your approved access, until it ends"),
        ("all", "all requests, if your Teleport roles let you list them"),
        ("mine staging", "search for a requester, role, resource, reason or ID in a list"),
    ),
    "/teleport-approve": (
        ("", "approve one or several requests in a form"),
        ("<id>", "approve it; needs the full ID, a partial ID shows the request"),
        ("<id> looks fine", "with a reason"),
    ),
    "/teleport-deny": (
        ("", "deny one or several requests in a form"),
        ("<id>", "deny it and enter a reason in a form"),
        ("<id> not during the freeze", "deny it with a reason"),
    ),
}


def help_message(command: str) -> Message:
    rows: list[rich.Line] = [
        (rich.code(f"{command} {words}".strip()), f"  {meaning}")
        for words, meaning in _EXAMPLES[command]
    ]
    return message(
        rich.lines((rich.bold(f"How to use {command}"),)),
        rich.bullets(*rows),
    )
