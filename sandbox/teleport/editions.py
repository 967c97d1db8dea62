"""Features of a cluster, by edition and server version."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

DEFAULT_SERVER_VERSION = "19.1.0"

_NUMBER = r"(\d{1,4})"
_VERSION = re.compile(rf"v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?([-+][\w.+-]+)?", re.ASCII)
_ON_BEHALF_REVIEWS = (18, 11, 0)  # gravitational/teleport#69431
_USER_TRAIT_FILTER = (18, 8, 0)  # backport of gravitational/teleport#66020
_DRY_RUN_ENRICHMENT = (18, 0, 0)
_EXPIRY_SERVICE = (18, 0, 0)
_SPELLED_ID = (18, 0, 0)
_ROLE_V8 = (18, 0, 0)


def full_version(text: str) -> str:
    """Return a version as a server reports it, such as 17.0.0 for `v17.0`. Missing numbers are 0.

    Raises ValueError, whose text is a sentence for users.
    """
    numbers, suffix = _parsed(text)
    return ".".join(map(str, numbers)) + suffix


def _parsed(text: str) -> tuple[tuple[int, ...], str]:
    """Return the three numbers of a version, and its suffix such as `-dev`."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} isn't a Teleport version. Use something like 17.4.0.")
    *numbers, suffix = match.groups(default="")
    return tuple(int(number or 0) for number in numbers), suffix


class Edition(StrEnum):
    ENTERPRISE = "enterprise"
    COMMUNITY = "community"


@dataclass(frozen=True)
class Features:
    """The differences between the clusters that the stand-in can play."""

    advanced_workflows: bool
    """Custom review rules and thresholds: Teleport Enterprise."""
    on_behalf_reviews: bool
    """Supports `submitted_on_behalf_of_author` and `submit_for_users`. These servers also reject a
    second review by the same author with ALREADY_EXISTS, not PERMISSION_DENIED.
    """
    user_trait_filter: bool
    """ListUsers supports the trait filter. An older server ignores it and returns all users."""
    dry_run_enrichment: bool
    """A dry run returns whether a reason is required, and the roles' prompts."""
    expiry_in_spec: bool
    """A service deletes expired requests, by `Spec.ResourceExpiry`. On an older server the backend
    deletes them, by `Metadata.Expires`.
    """
    role_v8: bool
    """Accepts roles of version v8."""
    spelled_id: bool
    """Writes "access request ID" where older servers write "id"."""

    @classmethod
    def of(cls, edition: Edition, server_version: str) -> Self:
        """Return the features. Raises ValueError like `full_version`."""
        version, _ = _parsed(server_version)
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
