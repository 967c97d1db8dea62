"""Turn a handler into a Bolt listener: ack first, then do the work in a task.

Slack expects the ack within 3 seconds. Bolt sends it when the listener returns
(`process_before_response`), and an exception would replace it. So:

1. A listener ends with its ack and raises nothing. The ack of a form carries errors or a view, so
   the form's validator runs before the ack, for `FORM_SECONDS` at most. The options of a menu also
   travel in the ack.
2. The work runs in a task that starts after the ack. One deadline (`interaction_deadline`) covers
   all its calls. The task is timed and logged, and an error becomes a private response.

The tasks belong to this class rather than to Bolt's lazy listeners, because `drain` has to wait for
them when the bot stops.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias

import structlog
from slack_bolt.async_app import AsyncAck
from slack_sdk.models.views import View

from commands.interactions.failure_response import Outcome, failure_response
from commands.interactions.interaction import (
    Interaction,
    from_block_suggestion,
    from_view_submission,
)
from commands.interactions.responder import Responder, Responders
from commands.interactions.start_queue import StartQueue
from commands.log_fields import bind_interaction
from commands.use_cases.services import Services
from workspace.retry import FORM_SECONDS, interaction_deadline
from workspace.sending.slack_failure import describe
from workspace.views.parts.message import Message
from workspace.views.responses.submitted_form import result_view, waiting_view

OPTIONS_SECONDS = 2.0
_INTERRUPTED_SECONDS = 1.0

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Handler: TypeAlias = Callable[[Services, Interaction, Responder], Awaitable[None]]
Listener: TypeAlias = Callable[[AsyncAck, dict[str, Any]], Coroutine[Any, Any, None]]
Payload: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FormResult:
    """The result of a form's validator: errors at its fields, or the work after its ack."""

    errors: Mapping[str, str] = field(default_factory=dict)
    """By block ID. The form stays open."""
    work: Handler | None = None
    channel: str = ""
    """Channel for the response."""
    view: Mapping[str, Any] | None = None
    """The form that replaces this one, with the same input."""


@dataclass(frozen=True, slots=True)
class _Ack:
    """An ack's payload, and the work after the ack."""

    then: Coroutine[Any, Any, None]
    payload: Mapping[str, Any] = field(default_factory=dict)


FormValidator: TypeAlias = Callable[[Services, Interaction], Awaitable[FormResult]]
OptionsLoader: TypeAlias = Callable[[Services, Interaction], Awaitable[Mapping[str, Any]]]
Observe: TypeAlias = Callable[[str, str, float], None]
"""Called with the interaction's name, its outcome and its duration in seconds."""


class Listeners:
    """Creates Bolt listeners, and keeps the tasks that they start."""

    def __init__(self, services: Services, responders: Responders, observe: Observe) -> None:
        self._services = services
        self._responders = responders
        self.observe = observe
        self._tasks: set[asyncio.Task[None]] = set()
        self._starts = StartQueue()

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    async def drain(self, seconds: float) -> int:
        """Wait for tasks in flight. Cancel those that don't end in time and return their number."""
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    def begin(self, interaction: Interaction, work: Handler) -> None:
        """Start the work of an acked interaction."""
        self._start(self._run(interaction, work, self._responders.create(interaction)))

    def for_action(self, read: Callable[[Payload], Interaction], work: Handler) -> Listener:
        """Return a listener for commands, clicks and events."""

        async def ack(body: Payload) -> _Ack:
            return _Ack(self._read_and_run(read, body, work))

        return self._listener(ack)

    def for_submission(self, check: FormValidator, *, on_timeout: Handler) -> Listener:
        """Return a listener for forms. Its ack carries the result of `check`.

        If `check` takes too long, the form becomes a waiting view and `on_timeout` does all the
        work.
        """

        async def ack(body: Payload) -> _Ack:
            started, interaction = monotonic(), from_view_submission(body)
            bind_interaction(interaction.name, interaction.slack_user_id)
            try:
                async with asyncio.timeout(FORM_SECONDS):
                    checked = await check(self._services, interaction)
            except TimeoutError:
                waiting = interaction.form.id if interaction.form else ""
                responder = self._responders.create(interaction, view_id=waiting)
                return _Ack(self._run(interaction, on_timeout, responder), _update(waiting_view()))
            except Exception as error:  # noqa: BLE001 - every form needs an ack
                failure = failure_response(error)
                return _Ack(
                    self._finish(interaction, failure.outcome, started),
                    _show_failure(interaction, failure.message),
                )
            return self._ack_result(interaction, checked, started)

        return self._listener(ack)

    def for_options(self, load: OptionsLoader) -> Listener:
        """Return a listener for menus. Its ack carries the options, or none if loading fails."""

        async def ack(body: Payload) -> _Ack:
            started, interaction = monotonic(), from_block_suggestion(body)
            bind_interaction(interaction.name, interaction.slack_user_id)
            options: Mapping[str, Any] = {"options": []}
            outcome = Outcome.DONE
            try:
                async with asyncio.timeout(OPTIONS_SECONDS):
                    options = await load(self._services, interaction)
            except Exception as error:  # noqa: BLE001 - a menu can't show an error
                outcome = Outcome.NO_OPTIONS
                log.warning("options_load_failed", error=describe(error))
            return _Ack(self._finish(interaction, outcome, started), options)

        return self._listener(ack)

    def _listener(self, prepare: Callable[[Payload], Awaitable[_Ack]]) -> Listener:
        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            prepared = await prepare(body)
            # The task starts when this one waits for something, after the ack was sent.
            self._start(prepared.then)
            await ack(**prepared.payload)

        return listener

    def _ack_result(self, interaction: Interaction, checked: FormResult, started: float) -> _Ack:
        if checked.errors:
            return _Ack(
                self._finish(interaction, Outcome.FORM_ERRORS, started),
                _errors(checked.errors),
            )
        if checked.view is not None:
            return _Ack(
                self._finish(interaction, Outcome.FORM_ERRORS, started),
                {"response_action": "update", "view": checked.view},
            )
        if checked.work is None:
            return _Ack(self._finish(interaction, Outcome.DONE, started))
        responder = self._responders.create(interaction, channel=checked.channel)
        return _Ack(self._run(interaction, checked.work, responder))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("task_failed", exc_info=error)

    async def _read_and_run(
        self, read: Callable[[Payload], Interaction], body: Payload, work: Handler
    ) -> None:
        try:
            interaction = read(body)
        except (KeyError, IndexError, TypeError):
            log.exception("payload_parse_failed", payload_type=body.get("type", "command"))
            return
        await self._run(interaction, work, self._responders.create(interaction))

    async def _run(self, interaction: Interaction, work: Handler, responder: Responder) -> None:
        started = monotonic()
        bind_interaction(interaction.name, interaction.slack_user_id)
        outcome = Outcome.CANCELLED
        try:
            await self._starts.wait()
            with interaction_deadline():
                await work(self._services, interaction, responder)
            outcome = Outcome.FAILED if responder.content_rejected else Outcome.DONE
        except asyncio.CancelledError:
            await self._report_interruption(responder)
            raise
        except Exception as error:  # noqa: BLE001 - every error becomes a response here
            failure = failure_response(error)
            outcome = failure.outcome
            await responder.respond(failure.message)
        finally:
            await self._finish(interaction, outcome, started)

    async def _report_interruption(self, responder: Responder) -> None:
        """Respond that the bot stops before the work is done."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_INTERRUPTED_SECONDS):
                await responder.respond(responder.when_interrupted())

    async def _finish(self, interaction: Interaction, outcome: Outcome, started: float) -> None:
        seconds = monotonic() - started
        log.info("interaction_handled", outcome=outcome, duration_seconds=round(seconds, 3))
        self.observe(interaction.name, outcome, seconds)


def _show_failure(interaction: Interaction, message: Message) -> dict[str, Any]:
    """Show a failure beside the first input, so that the form keeps what the user typed."""
    field = interaction.form.first_input if interaction.form else ""
    return _errors({field: message.text}) if field else _update(result_view(message))


def _errors(errors: Mapping[str, str]) -> dict[str, Any]:
    return {"response_action": "errors", "errors": dict(errors)}


def _update(view: View) -> dict[str, Any]:
    return {"response_action": "update", "view": view}
