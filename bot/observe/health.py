"""/healthz, /readyz and /metrics, for whoever watches over the process."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.observe.metrics import Metrics
from bot.settings.settings import HealthSettings
from bot.start_error import MISCONFIGURED, StartError

ReadinessCheck: TypeAlias = Callable[[], str]
"""Why a part is not ready, empty when it is."""
_SHUTDOWN_SECONDS = 0.5
"""For responses in flight when the bot stops."""


class Readiness:
    """Every part with its reason; until there are any, that the bot is starting."""

    def __init__(self) -> None:
        self._parts: Mapping[str, ReadinessCheck] = {"start": lambda: "still starting"}
        self._doubts: Mapping[str, ReadinessCheck] = {}

    def watch(
        self, parts: Mapping[str, ReadinessCheck], warning_checks: Mapping[str, ReadinessCheck]
    ) -> None:
        """`warning_checks` make nothing unready, and are told all the same."""
        self._parts = parts
        self._doubts = warning_checks

    def warnings(self) -> dict[str, str]:
        told = {name: doubt() for name, doubt in self._doubts.items()}
        return {name: words for name, words in told.items() if words}

    def report(self) -> tuple[bool, dict[str, str]]:
        """Give whether all parts are ready, and what each says."""
        readiness_checks = {name: problem() for name, problem in self._parts.items()}
        ready = not any(readiness_checks.values())
        return ready, {name: problem or "ready" for name, problem in readiness_checks.items()}


@asynccontextmanager
async def serve_health(
    settings: HealthSettings, readiness: Readiness, metrics: Metrics
) -> AsyncIterator[None]:
    """Serve while the block runs; nothing at all with port 0. Raises StartError."""
    if not settings.port:
        yield
        return
    runner = web.AppRunner(
        _app(readiness, metrics), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS
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
    except OSError as error:
        raise StartError(
            f"The health page cannot listen on {settings.listen}:{settings.port}"
            f" ({error.strerror}).",
            "Choose another health.port or health.listen, or 0 to switch it off.",
            exit_code=MISCONFIGURED,
        ) from error


def _app(readiness: Readiness, metrics: Metrics) -> web.Application:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        ready, parts = readiness.report()
        told = {"ready": ready, "parts": parts, "warnings": readiness.warnings()}
        return web.json_response(told, status=200 if ready else 503)

    async def show_metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", show_metrics)
    return app
