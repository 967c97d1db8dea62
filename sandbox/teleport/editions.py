"""What a cluster can do, by edition and server version."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

DEFAULT_SERVER_VERSION = "19.1.0"

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_ON_BEHALF_REVIEWS = (18, 11, 0)  # gravitational/teleport#69431
_USER_TRAIT_FILTER = (18, 8, 0)  # backport of gravitational/teleport#66020
_DRY_RUN_ENRICHMENT = (18, 0, 0)
_EXPIRY_SERVICE = (18, 0, 0)
_SPELLED_ID = (18, 0, 0)
_ROLE_V8 = (18, 0, 0)


class Edition(StrEnum):
    ENTERPRISE = "enterprise"
    COMMUNITY = "community"


@dataclass(frozen=True)
class Features:
    """What differs between the clusters this stand-in can be."""

    advanced_workflows: bool
    """Review rules and thresholds of one's own: Teleport Enterprise."""
    on_behalf_reviews: bool
    """Knows `submitted_on_behalf_of_author` and `submit_for_users`. Servers of that age also
    answer a second review by the same author with ALREADY_EXISTS, not PERMISSION_DENIED."""
    user_trait_filter: bool
    """ListUsers knows the trait filter; an older server skips it and lists everybody."""
    dry_run_enrichment: bool
    """A dry run answers whether a reason is needed, and with the roles' prompts."""
    expiry_in_spec: bool
    """A service deletes expired requests, whose expiry is `Spec.ResourceExpiry`. An older server
    leaves it to the backend, by `Metadata.Expires`."""
    role_v8: bool
    """Takes roles of version v8."""
    spelled_id: bool
    """Writes "access request ID" where older servers write "id"."""

    @classmethod
    def of(cls, edition: Edition, server_version: str) -> Self:
        """Raises ValueError for a version that is not semantic."""
        match = _VERSION.match(server_version)
        if match is None:
            raise ValueError(f"not a Teleport version: {server_version!r}")
        version = tuple(int(part) for part in match.groups())
        enterprise = edition is Edition.ENTERPRISE
        return cls(
            advanced_workflows=enterprise,
            on_behalf_reviews=enterprise and version >= _ON_BEHALF_REVIEWS,
            user_trait_filter=version >= _USER_TRAIT_FILTER,
            dry_run_enrichment=version >= _DRY_RUN_ENRICHMENT,
            expiry_in_spec=version >= _EXPIRY_SERVICE,
            role_v8=version >= _ROLE_V8,
            spelled_id=version >= _SPELLED_ID,
        )
