"""Metrics for Prometheus. Other packages don't import it: they get callables, or are read."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

PREFIX = "teleport_chatops"


class Metrics:
    """All metrics, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._interactions = Histogram(
            f"{PREFIX}_interaction_duration_seconds",
            "Duration of interactions, by name and outcome",
            ["interaction", "outcome"],
            registry=self.registry,
        )
        self._socket_resets = Counter(
            f"{PREFIX}_socket_resets_total",
            "Socket Mode connections replaced, by kind",
            ["kind"],
            registry=self.registry,
        )

    def observe_interaction(self, interaction: str, outcome: str, seconds: float) -> None:
        self._interactions.labels(interaction, outcome).observe(seconds)

    def count_socket_reset(self, kind: str) -> None:
        self._socket_resets.labels(kind).inc()

    def gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Read a value whenever somebody looks at the metrics."""
        Gauge(f"{PREFIX}_{name}", meaning, registry=self.registry).set_function(value)
