"""One user action: the person, the surface and the fields."""

from dataclasses import dataclass
from typing import Any

from sandbox.cast import AccountType, Person
from sandbox.slack.backend import Backend
from sandbox.slack.errors import BadRequestError
from sandbox.slack.interactions.outcome import CannotActError
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.state import Workspace
from sandbox.slack.workspace.views import View

_NOT_INTERACTIVE = (
    "This app is not configured to handle interactive responses. Please configure interactivity"
    " URL for this app under the app config page."
)


@dataclass(frozen=True)
class UserAction:
    """An action of a person, with the fields of the control API's request."""

    backend: Backend
    person: Person
    body: JsonObject

    @classmethod
    def read(cls, backend: Backend, body: JsonObject) -> "UserAction":
        """Raises BadRequestError for an unknown person, CannotActError for a deactivated one."""
        name = str(body.get("as", ""))
        person = backend.workspace.find_person(name)
        if person is None:
            raise BadRequestError(f"there's no person {name!r}")
        if person.account_type is AccountType.DEACTIVATED:
            raise CannotActError("account_inactive")
        if person.account_type is AccountType.BOT:
            raise BadRequestError(f"{name} is a bot")
        return cls(backend, person, body)

    @property
    def workspace(self) -> Workspace:
        return self.backend.workspace

    @property
    def user(self) -> str:
        return self.person.slack_user_id

    def require_interactivity(self) -> None:
        """Raise CannotActError, with Slack's text, if the manifest doesn't enable it."""
        if not self.workspace.app.is_interactive:
            raise CannotActError(_NOT_INTERACTIVE)

    def field(self, name: str) -> str:
        """Return a field as text. Raises BadRequestError if it is missing."""
        value = self.body.get(name)
        if value is None:
            raise BadRequestError(f"{name} is missing")
        return str(value)

    def optional(self, name: str) -> Any:
        return self.body.get(name)

    def conversation(self) -> Conversation:
        """Return the conversation in `channel`. Raises CannotActError if it is hidden."""
        name = self.field("channel")
        conversation = self.workspace.conversation(name)
        if conversation is None:
            raise BadRequestError(f"there's no channel {name!r}")
        if not self.workspace.can_see(self.person, conversation):
            raise CannotActError("channel_not_found")
        return conversation

    def view(self) -> View:
        """Return the person's open view in `view_id`. Raises CannotActError without one."""
        view = self.workspace.screens[self.user].view(self.field("view_id"))
        if view is None:
            raise CannotActError("view_not_found")
        return view

    def top_modal(self) -> View:
        """Return the view in `view_id`. Raises CannotActError unless it is the front modal."""
        view = self.view()
        if view is not self.workspace.screens[self.user].top:
            raise CannotActError("view_not_in_front")
        return view
