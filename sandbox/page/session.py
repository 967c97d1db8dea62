"""The page's own state, which all its windows share."""

from dataclasses import dataclass, field
from uuid import uuid4

from sandbox.page.read_marks import ReadMarks
from sandbox.page.rendered_bodies import RenderedBodies


@dataclass
class Session:
    """State of the page from the start of the sandbox to its end."""

    marks: ReadMarks = field(default_factory=ReadMarks)
    bodies: RenderedBodies = field(default_factory=RenderedBodies)
    hint_dismissed: bool = False
    id: str = field(default_factory=lambda: uuid4().hex)
    """Differs after a restart of the sandbox, so that windows recognize it."""
