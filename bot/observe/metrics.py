"""Metrics for Prometheus.

Other packages don't import this module. They call functions that they get, or gauges read them at
each scrape.
"""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workspace.conditions import Condition, ConditionStatus

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
        self._on_behalf_rejections = Counter(
            f"{PREFIX}_on_behalf_rejections_total",
            "Reviews on behalf of users that Teleport rejected",
            registry=self.registry,
        )

    def observe_interaction(self, interaction: str, outcome: str, seconds: float) -> None:
        self._interactions.labels(interaction, outcome).observe(seconds)

    def count_socket_reset(self, kind: str) -> None:
        self._socket_resets.labels(kind).inc()

    def count_on_behalf_rejection(self) -> None:
        self._on_behalf_rejections.inc()

    def gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Register a gauge that calls `value` at each scrape."""
        Gauge(f"{PREFIX}_{name}", meaning, registry=self.registry).set_function(value)

    def expose(self, conditions: Iterable[Condition]) -> None:
        """Register gauges for conditions, which are read at each scrape."""
        self.registry.register(_ConditionCollector(conditions))


class _ConditionCollector(Collector):
    """One series per condition and status, as kube-state-metrics shows conditions."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._conditions = conditions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        status = GaugeMetricFamily(
            f"{PREFIX}_condition_status",
            "1 for the current status of each component condition",
            labels=["condition", "status"],
        )
        since = GaugeMetricFamily(
            f"{PREFIX}_condition_since_timestamp_seconds",
            "Time of the last change of the condition's status",
            labels=["condition"],
        )
        for condition in self._conditions:
            for each in ConditionStatus:
                status.add_metric([condition.name, each], float(condition.status is each))
            since.add_metric([condition.name], condition.since.timestamp())
        yield from (status, since)
