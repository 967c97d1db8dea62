"""The cluster's version and features, plugin data, and leases of semaphores."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

PluginData: TypeAlias = Mapping[str, str]
"""One plugin's keys and values on one resource."""


_ON_BEHALF_REVIEWS = (18, 11)
_EXPIRY_IN_SPEC = (18,)


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
    """The proxy's public `host:port`."""
    advanced_workflows: bool = False
    """Licensed for reviews, and so for the web page of a request."""

    @property
    def supports_on_behalf_reviews(self) -> bool:
        """Whether the server accepts reviews on behalf of users, as its version suggests.

        Since 18.11 (gravitational/teleport#69431), if the license includes reviews. The response to
        a submitted review is the only proof.
        """
        return version_numbers(self.version) >= _ON_BEHALF_REVIEWS and self.advanced_workflows

    @property
    def proxy(self) -> str:
        """The proxy's address as users type it, without the default port. Empty if unknown."""
        return self.public_address.removesuffix(":443")

    @property
    def expiry_in_spec(self) -> bool:
        """Whether a request's expiry is a field of its spec, instead of its metadata."""
        return version_numbers(self.version) >= _EXPIRY_IN_SPEC

    @property
    def request_url_base(self) -> str:
        """URL to which a request ID is appended; empty if Teleport has no such page."""
        if not (self.advanced_workflows and self.proxy):
            return ""
        return f"https://{self.proxy}/web/requests/"


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease of a semaphore. It ends at `expires` by the server's clock, unless renewed."""

    kind: str
    name: str
    id: str
    expires: datetime
