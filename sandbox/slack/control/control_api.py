"""Control API for scripts and the page: read the workspace, act as a person, inject faults."""

from dataclasses import dataclass

from sandbox.cast import Person
from sandbox.slack.backend import Backend
from sandbox.slack.errors import BadRequestError
from sandbox.slack.interactions.dispatch import perform
from sandbox.slack.manifest.features import NO_FEATURES
from sandbox.slack.wire import JsonObject
from sandbox.slack.workspace.conversations import Conversation, Kind
from sandbox.slack.workspace.rendering import message_json, view_json

_LONG_POLL = 25.0


@dataclass(frozen=True)
class Readiness:
    """Conditions under which the workspace is ready."""

    bot: bool = True
    """Wait for an open socket of the app."""
    manifest: bool = False
    """Wait for the installation of a manifest."""


class ControlApi:
    """The operations behind the HTTP routes under `/sandbox/`."""

    def __init__(self, backend: Backend, readiness: Readiness) -> None:
        self._backend = backend
        self._workspace = backend.workspace
        self._readiness = readiness

    def status(self) -> JsonObject:
        """Return whether the workspace is ready, and the number of open sockets."""
        sockets, needs = self._backend.delivery.sockets, self._readiness
        is_installed = self._workspace.app.features is not None
        ready = (is_installed or not needs.manifest) and (sockets > 0 or not needs.bot)
        return {"ready": ready, "sockets": sockets}

    async def act(self, body: JsonObject) -> JsonObject:
        """Act as a person and wait for the app's ack, up to Slack's timeout."""
        return (await perform(self._backend, body)).to_json()

    def people(self) -> list[JsonObject]:
        return [self._person(one) for one in self._workspace.people.values()]

    def channels(self, viewer: str) -> list[JsonObject]:
        """Return the conversations that a person sees."""
        person = self._known(viewer)
        return [
            {"id": one.id, "name": one.name, "kind": one.kind.value}
            for one in self._workspace.conversations.values()
            if self._workspace.can_see(person, one)
        ]

    def messages(self, channel: str, viewer: str | None = None) -> list[JsonObject]:
        """Return a conversation's messages as one person sees them, oldest first.

        Ephemeral messages are visible to their recipient only. Raises BadRequestError for an
        unknown person or channel.
        """
        conversation = self._workspace.conversation(channel)
        if conversation is None:
            raise BadRequestError(f"there's no channel {channel!r}")
        person = self._viewer(conversation, viewer)
        if person is not None and not self._workspace.can_see(person, conversation):
            return []
        seen = (
            conversation.seen_by(person.slack_user_id)
            if person
            else conversation.visible_messages()
        )
        return [
            {
                "blocks": [],
                **message_json(self._workspace, message),
                "ephemeral": message.ephemeral,
            }
            for message in seen
        ]

    def views(self, name: str) -> JsonObject:
        """Return a person's open modals, the top one last, and the app's Home tab."""
        screen = self._workspace.screens[self._known(name).slack_user_id]
        home = screen.home
        return {
            "modals": [view_json(self._workspace, view) for view in screen.modals],
            "home": None if home is None else view_json(self._workspace, home),
        }

    def app(self) -> JsonObject:
        """Return the features of the installed manifest."""
        return (self._workspace.app.features or NO_FEATURES).to_json()

    def journal(self) -> JsonObject:
        return self._backend.journal.to_json()

    def inject(self, fault: JsonObject) -> None:
        """Add a fault. Raises BadRequestError if its kind is unknown."""
        self._backend.faults.inject(fault)

    async def changed_since(self, mark: str) -> JsonObject:
        """Wait until the workspace differs from the given mark, up to the long-poll timeout."""
        changes = self._workspace.changes
        try:
            await changes.until(lambda: str(changes.count) != mark or None, _LONG_POLL)
        except TimeoutError:
            return {"mark": mark}
        return {"mark": str(changes.count)}

    def _viewer(self, conversation: Conversation, viewer: str | None) -> Person | None:
        if viewer is None and conversation.kind is Kind.DIRECT:
            return self._known(conversation.name.removeprefix("@"))
        return None if viewer is None else self._known(viewer)

    def _known(self, name: str) -> Person:
        person = self._workspace.find_person(name)
        if person is None:
            raise BadRequestError(f"there's no person {name!r}")
        return person

    def _person(self, person: Person) -> JsonObject:
        return {
            "id": person.slack_user_id,
            "name": person.name,
            "real_name": person.real_name,
            "standing": person.account_type.value,
            "team_id": self._workspace.team_of(person),
            "email": person.email,
            "tz": person.timezone,
        }
