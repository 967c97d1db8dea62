"""The health server: /healthz, /readyz and /metrics for a supervisor such as Kubernetes.

It listens before the bot connects to anything, so that a supervisor sees a process that is alive
and still starting. /healthz responds with 200 while the process runs. /readyz responds with 200 or
503 and lists the component conditions by readiness part.
"""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import gaierror

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.observe.metrics import Metrics
from bot.settings.settings import HealthSettings
from bot.start_error import MISCONFIGURED, StartError
from workspace.conditions import Condition, Conditions

LISTEN_HINT = "Choose another health.port or health.listen, or set the port to 0 to turn it off."
_SHUTDOWN_SECONDS = 0.5
"""For responses in flight when the bot stops."""
_READY = "ready"


@dataclass(slots=True)
class Readiness:
    """The JSON of /readyz."""

    ready: bool = True
    parts: dict[str, str] = field(default_factory=dict)
    """"ready" or the reason of the first condition that isn't, by part."""
    warnings: dict[str, str] = field(default_factory=dict)
    """Reasons that don't fail readiness, by part."""

    def add(self, condition: Condition) -> None:
        if not condition.optional:
            self.parts.setdefault(condition.part, _READY)
        if condition.fails_readiness:
            self.ready = False
            if self.parts[condition.part] == _READY:
                self.parts[condition.part] = condition.reason
        elif condition.reason:
            self.warnings.setdefault(condition.part, condition.reason)


def readiness(conditions: Iterable[Condition]) -> Readiness:
    result = Readiness()
    for condition in conditions:
        result.add(condition)
    return result


@asynccontextmanager
async def serve_health(
    settings: HealthSettings, conditions: Conditions, metrics: Metrics
) -> AsyncIterator[None]:
    """Serve while the block runs, unless the port is 0. Raises StartError."""
    if not settings.port:
        yield
        return
    runner = web.AppRunner(
        _app(conditions, metrics), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        await _listen(runner, settings)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: HealthSettings) -> None:
    try:
        await web.TCPSite(runner, settings.listen, settings.port).start()
    except (OSError, UnicodeError) as error:
        raise StartError(
            f"The health server can't listen on {settings.listen}:{settings.port}"
            f" ({listen_problem(error)}).",
            LISTEN_HINT,
            exit_code=MISCONFIGURED,
        ) from error


def listen_problem(error: OSError | UnicodeError) -> str:
    """Return why a server can't listen on an address.

    asyncio has its own text for a port that is in use, and a host name that can't be encoded is a
    UnicodeError.
    """
    if isinstance(error, UnicodeError):
        return "not a valid host name"
    if isinstance(error, gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)


def _app(conditions: Conditions, metrics: Metrics) -> web.Application:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        found = readiness(conditions)
        body = {"ready": found.ready, "parts": found.parts, "warnings": found.warnings}
        return web.json_response(body, status=200 if found.ready else 503)

    async def show_metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", show_metrics)
    return app
