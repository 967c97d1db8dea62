"""The handlers of everything in Slack that triggers the bot, and their registration with Bolt."""

from collections.abc import Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from commands.interactions.interaction import (
    from_block_action,
    from_command,
    from_event,
    from_shortcut,
)
from commands.interactions.listener import FormValidator, Handler, Listeners, OptionsLoader


@dataclass(frozen=True, slots=True)
class Handlers:
    """Handlers by command name, action ID or callback ID."""

    commands: Mapping[str, Handler]
    shortcuts: Mapping[str, Handler]
    buttons: Mapping[str, Handler]
    selections: Mapping[str, Handler]
    """Handlers of selections in open forms."""
    options: Mapping[str, OptionsLoader]
    forms: Mapping[str, tuple[FormValidator, Handler]]
    """The handler does all the work if the validator takes too long."""
    events: Mapping[str, Handler]
    """By event type. An event has no response."""

    @property
    def names(self) -> frozenset[str]:
        """Return everything that a user triggers and that has a response."""
        return frozenset(
            {*self.commands, *self.shortcuts, *self.buttons, *self.options, *self.forms}
        )

    def register(self, app: AsyncApp, listeners: Listeners) -> None:
        for name, handler in self.commands.items():
            app.command(name)(listeners.for_action(from_command, handler))
        for callback_id, handler in self.shortcuts.items():
            app.shortcut(callback_id)(listeners.for_action(from_shortcut, handler))
        for action_id, handler in {**self.buttons, **self.selections}.items():
            app.action(action_id)(listeners.for_action(from_block_action, handler))
        for event_type, handler in self.events.items():
            app.event(event_type)(listeners.for_action(from_event, handler))
        for action_id, load in self.options.items():
            app.options(action_id)(listeners.for_options(load))
        for callback_id, (check, handler) in self.forms.items():
            app.view(callback_id)(listeners.for_submission(check, on_timeout=handler))
