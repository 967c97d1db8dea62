"""Resources that users can request: hosts, databases, apps, Kubernetes clusters and desktops."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

KINDS = ("node", "db", "app", "kube_cluster", "windows_desktop")
"""Kinds that can be listed, in Teleport's words."""


@dataclass(frozen=True, slots=True)
class Resource:
    kind: str
    name: str
    """The name in the resource's ID: of a host, its UUID."""
    host_name: str = ""
    """Of a host."""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Static labels, overlaid by the results of label commands."""

    @property
    def title(self) -> str:
        """The name that users know."""
        return self.host_name or self.name
