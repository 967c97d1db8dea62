"""Serve `/api/<method>`: tokens, scopes, rate limits, faults and the journal."""

import asyncio
from dataclasses import dataclass, field
from email.utils import formatdate

from aiohttp import web

from sandbox.slack.backend import Backend
from sandbox.slack.connection import cut
from sandbox.slack.control.faults import MethodFault
from sandbox.slack.control.journal import ApiCall, monotonic_ms
from sandbox.slack.errors import RateLimitedError, SlackError
from sandbox.slack.pace import Tier
from sandbox.slack.web_api.arguments import Arguments, read_call
from sandbox.slack.web_api.call import Call, TokenKind
from sandbox.slack.web_api.methods import METHODS, Method
from sandbox.slack.wire import JsonObject

_TOO_MANY = 429
_SERVER_ERRORS = 500


@dataclass(frozen=True)
class Answer:
    """The HTTP response to a call. A broken gateway responds with HTML."""

    body: JsonObject | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    page_type: str = "text/html"
    """Content type of a gateway's page."""

    def response(self) -> web.Response:
        if isinstance(self.body, str):
            return web.Response(
                text=self.body,
                status=self.status,
                content_type=self.page_type,
                headers=self.headers,
            )
        return web.json_response(self.body, status=self.status, headers=self.headers)


class WebApi:
    """Answers Web API calls over HTTP."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one call and apply the pending fault."""
        name, at = request.match_info["method"], monotonic_ms()
        fault = self._backend.faults.for_call(name)
        args, answer = await self._answer(request, name, fault)
        status = None if fault.drop_after_commit else answer.status
        self._backend.journal.called(ApiCall(at, name, args.values, status, answer.body))
        if fault.drop_after_commit:
            cut(request)
        response = answer.response()
        response.headers["Date"] = formatdate(self._backend.workspace.now(), usegmt=True)
        return response

    async def _answer(
        self, request: web.Request, name: str, fault: MethodFault
    ) -> tuple[Arguments, Answer]:
        args = Arguments({})
        try:
            token, args = await read_call(request)
            await asyncio.sleep(fault.delay_ms / 1000)
            answer = _failure(fault) if fault.refuses else self._perform(name, token, args)
        except SlackError as error:
            answer = Answer(error.to_json())
        except RateLimitedError as error:
            answer = _too_many(error.retry_after)
        return args, answer

    def _perform(self, name: str, token: str | None, args: Arguments) -> Answer:
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        kind = self._authenticate(method, token)
        self._keep_pace(name, method, args)
        call = Call(self._backend, args, kind)
        for scope in method.scopes:
            call.require(scope)
        granted = ",".join(sorted(self._backend.workspace.app.scopes))
        headers = {
            "x-oauth-scopes": "connections:write" if kind is TokenKind.APP else granted,
            "x-accepted-oauth-scopes": ",".join(method.scopes),
        }
        return Answer({"ok": True, **method.perform(call)}, headers=headers)

    def _authenticate(self, method: Method, token: str | None) -> TokenKind | None:
        """Return the token's kind. Raises SlackError for a token that the method rejects."""
        app = self._backend.workspace.app
        if not method.tokens:
            return None
        if not token:
            raise SlackError("not_authed")
        kind = {app.bot_token: TokenKind.BOT, app.app_token: TokenKind.APP}.get(token)
        if kind is None:
            raise SlackError("invalid_auth")
        if kind not in method.tokens:
            raise SlackError("not_allowed_token_type")
        return kind

    def _keep_pace(self, name: str, method: Method, args: Arguments) -> None:
        allowances: list[tuple[tuple[str, ...], Tier]] = [((name,), method.tier)]
        if method.paced_by_channel:
            # The conversation, for each form of its address.
            channel = self._backend.workspace.conversation(args.text("channel"))
            address = channel.id if channel else args.text("channel")
            allowances.append(((name, address), Tier.POSTING))
        at = self._backend.workspace.now()
        for key, tier in allowances:
            seconds = self._backend.pace.retry_after(key, tier, at)
            if seconds is not None:
                raise RateLimitedError(seconds)


def _failure(fault: MethodFault) -> Answer:
    headers = fault.headers
    if fault.page or (fault.http_status >= _SERVER_ERRORS and fault.error is None):
        page = f"<html><body>{fault.http_status}</body></html>"
        return Answer(page, fault.http_status, headers, fault.page or Answer.page_type)
    limited = fault.http_status == _TOO_MANY
    code = fault.error or ("ratelimited" if limited else "internal_error")
    return Answer({"ok": False, "error": code}, fault.http_status, headers)


def _too_many(retry_after: int) -> Answer:
    headers = {"Retry-After": str(retry_after)}
    return Answer({"ok": False, "error": "ratelimited"}, _TOO_MANY, headers)
