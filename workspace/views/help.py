"""What each command says about itself."""

from workspace.views import rich
from workspace.views.message import Message, message

_EXAMPLES = {
    "/teleport-request": (
        ("staging", "ask for a role"),
        ("staging prod for 2h because redis is stuck", "for how long, and why"),
        ('prod --duration 2h --reviewers bob,carol --reason "redis"', "the same with flags"),
        ("", "a form with the roles you may ask for"),
    ),
    "/teleport-pending": (
        ("", "your requests, and those that wait for you"),
        ("mine", "your own"),
        ("reviewable", "those you may decide"),
        ("all", "everybody's, if your Teleport roles let you list them"),
    ),
    "/teleport-approve": (
        ("", "pick one of those you may decide"),
        ("<id>", "approve it; needs the whole id, a part of it shows the request"),
        ("<id> looks fine", "with a reason"),
    ),
    "/teleport-deny": (
        ("", "pick one of those you may decide"),
        ("<id>", "deny it, giving a reason in a form"),
        ("<id> not during the freeze", "with the reason at once"),
    ),
}


def help_message(command: str) -> Message:
    rows: list[rich.Line] = [
        (rich.code(f"{command} {words}".strip()), f"  {meaning}")
        for words, meaning in _EXAMPLES[command]
    ]
    return message(
        f"How to use {command}",
        rich.lines((rich.bold(f"How to use {command}"),), *rows),
    )
