"""Open modals, published Home tabs, and the values that users have entered."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sandbox.slack.block_kit.inputs import initial_state
from sandbox.slack.wire import Blocks, JsonObject

_TITLED = ("title", "submit", "close")
_WORDED = ("callback_id", "private_metadata", "external_id")
_FLAGGED = ("clear_on_close", "notify_on_close")

Entries = dict[str, dict[str, JsonObject]]
"""Entered values in the form of `state.values`: by block id, then by action id."""


@dataclass
class View:
    """One view of one user. Its versions are the app's definitions, newest last."""

    id: str
    owner: str
    versions: list[JsonObject]
    hash: str
    root_id: str
    previous_id: str | None = None
    entries: Entries = field(default_factory=dict)

    @property
    def definition(self) -> JsonObject:
        return self.versions[-1]

    @property
    def blocks(self) -> Blocks:
        blocks: Blocks = self.definition["blocks"]
        return blocks

    @property
    def is_modal(self) -> bool:
        return bool(self.definition["type"] == "modal")

    def redefine(self, definition: JsonObject, new_hash: str) -> None:
        """Add a version. Inputs with the same IDs keep their values."""
        self.versions.append(definition)
        self.hash = new_hash

    def history(self) -> Iterator["View"]:
        """Yield the versions, newest first. A client that lags still shows an older one."""
        for end in range(len(self.versions), 0, -1):
            yield replace(self, versions=self.versions[:end])

    def enter(self, entries: Entries) -> None:
        for block_id, actions in entries.items():
            self.entries.setdefault(block_id, {}).update(actions)

    def values(self) -> Entries:
        """Return `state.values`: entered values, and initial values for the rest."""
        return {
            block_id: {
                action_id: self._entered(block_id, action_id, initial)
                for action_id, initial in actions.items()
            }
            for block_id, actions in initial_state(self.blocks).items()
        }

    def _entered(self, block_id: str, action_id: str, initial: JsonObject) -> JsonObject:
        entry = self.entries.get(block_id, {}).get(action_id, initial)
        return entry if entry["type"] == initial["type"] else initial


@dataclass
class Screen:
    """One user's open views: a stack of modals, the top one last, and the app's Home tab."""

    modals: list[View] = field(default_factory=list)
    home: View | None = None

    @property
    def top(self) -> View | None:
        return self.modals[-1] if self.modals else None

    def view(self, view_id: str) -> View | None:
        return next((view for view in self.all() if view.id == view_id), None)

    def all(self) -> list[View]:
        return [*self.modals, self.home] if self.home else list(self.modals)

    def close(self, view: View) -> None:
        """Remove one view from the stack."""
        self.modals = [other for other in self.modals if other is not view]


def view_fields(view: View) -> JsonObject:
    """Return the app's part of Slack's view object, with defaults."""
    definition = view.definition
    return {
        "type": definition["type"],
        "blocks": view.blocks,
        **{name: definition.get(name) for name in _TITLED},
        **{name: definition.get(name, "") for name in _WORDED},
        **{name: definition.get(name, False) for name in _FLAGGED},
    }
