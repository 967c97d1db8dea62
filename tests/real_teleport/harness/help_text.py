"""The help of Teleport's command-line programs, reduced to the names of arguments and flags."""

import re

COMMANDS = {
    "tsh request": ("create", "ls", "show", "review", "search", "drop"),
    "tctl requests": ("ls", "get", "approve", "deny", "create", "rm", "review"),
}
_FLAG = re.compile(r"^(?:  -\w, | {6})--(?:\[no-\])?(?P<name>[a-z][a-z-]*)", re.MULTILINE)
_PLACEHOLDERS = {"flags", "command", "args"}
_ARGUMENT = re.compile(r"<(?P<name>[a-z-]+)>")


def arguments_and_flags(text: str) -> list[str]:
    """Return `<arguments>` and `--flags` of a command's help, in its order."""
    usage = text.partition("\n")[0]
    names = (found["name"] for found in _ARGUMENT.finditer(usage))
    arguments = [f"<{name}>" for name in names if name not in _PLACEHOLDERS]
    listed = text.partition("\nFlags:\n")[2].partition("\nArgs:\n")[0]
    return [*arguments, *(f"--{found['name']}" for found in _FLAG.finditer(listed))]
