"""What a cluster says of itself, and the two things it keeps for its plugins."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

PluginData: TypeAlias = Mapping[str, str]
"""One plugin's keys and values on one resource."""


_ON_BEHALF_REVIEWS = (18, 11)


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a Teleport version, such as (17, 0, 0) for `v17.0.0-dev`.

    Empty if the text doesn't start with a number.
    """
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, match[1].split("."))) if match else ()


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    name: str
    version: str
    public_address: str = ""
    """The proxy's `host:port`, as people reach it."""
    advanced_workflows: bool = False
    """Licensed for reviews by several people, and so for the page of a request."""

    @property
    def supports_on_behalf_reviews(self) -> bool:
        """Whether the server knows reviews that are handed in for others.

        Since 18.11 (gravitational/teleport#69431), and only where there are reviews at all. What
        it answers to one is what counts.
        """
        return version_numbers(self.version) >= _ON_BEHALF_REVIEWS and self.advanced_workflows

    @property
    def request_page(self) -> str:
        """Address that a request's id is appended to, or empty where Teleport has no such page."""
        if not (self.advanced_workflows and self.public_address):
            return ""
        return f"https://{self.public_address.removesuffix(':443')}/web/requests/"


@dataclass(frozen=True, slots=True)
class Lease:
    """One holder's place in a semaphore, until `expires` by the server's clock."""

    kind: str
    name: str
    id: str
    expires: datetime
