"""One run against one Slack: the same calls for a real workspace and for the stand-in."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.connect.slack_client import http_session
from bot.setup.manifest import manifest
from notifications.delivery.history_lookup import History
from tests.real_slack.created import CreatedMessages
from tests.real_slack.messages import Place, SampleMessage, sample_messages
from tests.real_slack.recording import Answer, RecordingClient
from tests.real_slack.socket_hello import NoHelloError, receive_hello
from tests.real_slack.validation import Validator
from tests.real_slack.views import sample_views
from workspace.sending.send_queue import MessageRef
from workspace.sending.slack_failure import SLACK_ERRORS, describe, error_code

SLACK_URL = "https://slack.com/api/"
_NO_MESSAGE = "1111111111.000100"
_NO_TRIGGER = "1111111111.1111111111.0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Target:
    """A Slack workspace, and where in it to post."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    channel: str
    """Channel ID."""
    person: str = ""
    """ID of the user for the DMs. Without it, the channel gets them."""
    base_url: str = SLACK_URL
    seconds_between_posts: float = 1.0
    """Slack's limit for one channel (docs.slack.dev/apis/web-api/rate-limits)."""


@dataclass(slots=True)
class Findings:
    answers: list[Answer]
    problems: list[str] = field(default_factory=list)
    """Rejections by Slack, one sentence each."""
    left: list[str] = field(default_factory=list)
    """Messages that may have stayed in Slack."""
    messages: int = 0
    """Number of messages that were posted, updated and deleted."""
    validated: int = 0
    """Number of views and messages that Slack validated."""
    validation_unavailable: str = ""
    """Slack's error code if it doesn't offer `blocks.validate`."""
    extra_scopes: tuple[str, ...] = ()
    """Scopes of the token that the manifest doesn't name."""


async def examine(target: Target, samples: Sequence[SampleMessage] = ()) -> Findings:
    """Make all calls, then remove every message. A cancellation ends the calls, not the removal.

    Without `samples`, all messages are posted.
    """
    async with http_session() as http:
        run = _Run(target, http, samples or tuple(sample_messages()))
        try:
            await run.play()
        except asyncio.CancelledError:
            run.findings.problems.append("the run was interrupted")
        finally:
            await run.remove_all()
        return run.findings


class _Run:
    def __init__(
        self, target: Target, http: aiohttp.ClientSession, samples: Sequence[SampleMessage]
    ) -> None:
        self._target = target
        self._samples = samples
        self._http = http
        self._client = RecordingClient(target.bot_token, target.base_url, http)
        self._created = CreatedMessages(
            self._client, seconds_between_posts=target.seconds_between_posts
        )
        self._validator = Validator(self._client)
        self._scopes: frozenset[str] = frozenset()
        self._bot_id = ""
        self._dm = target.channel
        self._thread: MessageRef | None = None
        self.findings = Findings(self._client.answers)

    async def play(self) -> None:
        if not await self._attempt("token", self._identify):
            return
        await self._attempt("socket", self._open_socket)
        await self._attempt("channel", self._read_channel)
        await self._attempt("person", self._open_dm)
        for name, view in sample_views():
            await self._attempt(f"view: {name}", partial(self._validate, view=view.to_dict()))
        await self._attempt("card with a thread", self._start_thread)
        for sample in self._samples:
            await self._attempt(sample.name, partial(self._validate_message, sample))
            await self._attempt(sample.name, partial(self._play_message, sample))
        for name, call in self._wrong_calls().items():
            await self._attempt(name, partial(self._expect_rejection, call))

    async def remove_all(self) -> None:
        history = History(self._client, self._scopes, bot_id=self._bot_id)
        self.findings.left = await self._created.remove_all(history)
        self.findings.validated = self._validator.validated
        self.findings.validation_unavailable = self._validator.unavailable

    async def _attempt(self, step: str, act: Callable[[], Awaitable[None]]) -> bool:
        """Run one step and note its failure. Return whether it succeeded."""
        self._client.step = step
        try:
            await act()
        except SLACK_ERRORS as error:
            self._note(describe(error))
        except NoHelloError as error:
            self._note(str(error))
        else:
            return True
        return False

    def _note(self, problem: str) -> None:
        self.findings.problems.append(f"{self._client.step}: {problem}")

    async def _identify(self) -> None:
        answer = await self._client.auth_test()
        self._bot_id = answer.get("bot_id") or ""
        header = str(answer.headers.get("x-oauth-scopes", ""))
        self._scopes = frozenset(filter(None, header.replace(" ", "").split(",")))
        wanted = frozenset(manifest()["oauth_config"]["scopes"]["bot"])
        if missing := sorted(wanted - self._scopes):
            self._note(f"the token lacks scopes of the manifest: {', '.join(missing)}")
        self.findings.extra_scopes = tuple(sorted(self._scopes - wanted))

    async def _open_socket(self) -> None:
        await receive_hello(self._client, self._http, self._target.app_token)

    async def _read_channel(self) -> None:
        await self._client.conversations_info(channel=self._target.channel)

    async def _open_dm(self) -> None:
        if self._target.person:
            await self._client.users_info(user=self._target.person)
            opened = await self._client.conversations_open(users=self._target.person)
            self._dm = opened["channel"]["id"]

    async def _start_thread(self) -> None:
        """Post the card that the thread replies belong to. It is removed at the end."""
        card = next(iter(sample_messages())).message
        self._thread = await self._created.post(self._target.channel, card)

    async def _play_message(self, sample: SampleMessage) -> None:
        """Post, update and delete a message. Omit a reply if its thread is missing."""
        in_thread = sample.place is Place.THREAD
        if in_thread and self._thread is None:
            return
        posted = await self._created.post(
            self._dm if sample.place is Place.DM else self._target.channel,
            sample.message,
            thread_ts=self._thread.ts if in_thread and self._thread else "",
        )
        await self._created.update(posted, sample.message)
        await self._created.delete(posted)
        self.findings.messages += 1

    async def _validate_message(self, sample: SampleMessage) -> None:
        await self._validate(blocks=sample.message.arguments()["blocks"])

    async def _validate(self, **payload: Any) -> None:
        for problem in await self._validator.problems(**payload):
            self._note(f"blocks.validate: {problem}")

    def _wrong_calls(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Make calls that Slack must reject, to compare its error codes with the stand-in's."""
        client, channel = self._client, self._target.channel
        view = next(iter(sample_views()))[1].to_dict()
        return {
            "update of no message": lambda: client.chat_update(
                channel=channel, ts=_NO_MESSAGE, text="No message"
            ),
            "deletion of no message": lambda: client.chat_delete(channel=channel, ts=_NO_MESSAGE),
            "view without a click": lambda: client.views_open(trigger_id=_NO_TRIGGER, view=view),
        }

    async def _expect_rejection(self, call: Callable[[], Awaitable[object]]) -> None:
        """Note a problem if Slack accepts a call. Raises any error except a rejection by Slack."""
        try:
            await call()
        except SlackApiError as error:
            if not error_code(error):
                raise
        else:
            self._note("Slack accepts a call that it must reject")
