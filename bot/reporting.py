"""Conditions and gauges of the bot, except for those that the components register themselves.

docs/operations.md lists all of them. The order matters for readiness: a part shows the reason of
its first condition that isn't ready, so the likelier cause comes first.
"""

from collections.abc import Callable

from bot.compose import Runtime
from bot.compose_notifications import Notifications
from bot.connect.guarding_roles import warning_of
from bot.connect.server_support import UPGRADE, missing_method
from bot.sockets.sockets import Sockets
from commands.interactions.listener import Listeners


def register_conditions(runtime: Runtime, sockets: Callable[[], Sockets | None]) -> None:
    """Register the conditions that are computed when read."""

    def missing() -> str:
        lacks = missing_method(runtime.teleport)
        return f"{lacks}. {UPGRADE}" if lacks else ""

    def socket_problem() -> str:
        if not runtime.app_token:
            return ""
        opened = sockets()
        return opened.problem() if opened else "not connected yet"

    computed = runtime.conditions.computed
    computed("teleport_methods", missing, part="teleport")
    computed("certificate", lambda: _certificate_problem(runtime), part="identity")
    computed("sockets", socket_problem, part="slack")
    computed("reviews", lambda: runtime.on_behalf.problem)
    computed("clock", lambda: runtime.clock.warning, optional=True)
    computed("identity", lambda: runtime.identity.problem, optional=True)
    computed("roles", lambda: warning_of(runtime.review_policy.unknown.roles), optional=True)


def _certificate_problem(runtime: Runtime) -> str:
    return "the certificate has expired" if _certificate_seconds(runtime) <= 0 else ""


def _certificate_seconds(runtime: Runtime) -> float:
    return (runtime.identity.current.expires - runtime.now()).total_seconds()


def register_gauges(
    runtime: Runtime,
    notifications: Notifications,
    listeners: Listeners,
    sockets: Callable[[], Sockets | None],
) -> None:
    gauge, work = runtime.metrics.gauge, notifications.request_work
    leadership = notifications.controller.leadership
    gauge("clock_skew_seconds", "Clock skew against Slack, in seconds", runtime.clock.seconds)
    gauge("access_requests", "Access requests in the cache", lambda: len(notifications.requests))
    gauge("queue_depth", "Access requests in the work queue", lambda: len(work.queue))
    gauge(
        "requests_failing",
        "Access requests whose last reconciliation failed",
        lambda: len(work.queue.failures),
    )
    gauge("outbox_depth", "Messages waiting to be sent", lambda: work.outbox.waiting)
    gauge(
        "recipients_unreachable",
        "Unreachable recipients (leader only)",
        lambda: len(work.unreachable) if leadership.held else 0,
    )
    homes = notifications.home.reconciler.homes
    gauge("homes_open", "Users who opened App Home here within a day", lambda: len(homes))
    gauge("lease_held", "1 on the leader", lambda: leadership.held)
    gauge("interactions_in_flight", "Interactions in flight", lambda: listeners.in_flight)
    gauge(
        "sockets",
        "Open Socket Mode connections",
        lambda: opened.connected if (opened := sockets()) else 0,
    )
    gauge(
        "identity_remaining_seconds",
        "Seconds until the Teleport certificate expires",
        lambda: _certificate_seconds(runtime),
    )
