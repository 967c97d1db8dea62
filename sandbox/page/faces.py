"""Names and avatars of message authors."""

from dataclasses import dataclass

from sandbox.slack.workspace.state import Workspace

_COLORS = 8
"""Number of the avatar colors in the style sheet."""


@dataclass(frozen=True)
class Face:
    """An author as the page shows it: name, initials on a color, and the mark of apps."""

    name: str
    initials: str
    color: int
    is_app: bool = False


def face_of(workspace: Workspace, user: str) -> Face:
    """Return the face of a user ID, which can be unknown to the workspace."""
    if user == workspace.app.bot_user:
        return Face(workspace.app.name, workspace.app.name[:1].upper(), 0, is_app=True)
    person = workspace.people.get(user)
    name = user if person is None else person.real_name
    return Face(name, _initials(name), _color(workspace, user))


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def _color(workspace: Workspace, user: str) -> int:
    """Return a color number. Neighbors in the list of people get different ones."""
    users = list(workspace.people)
    place = users.index(user) if user in users else len(users)
    return 1 + place % (_COLORS - 1)
