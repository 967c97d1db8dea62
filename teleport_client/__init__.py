"""A client for Teleport's Auth Service: the client, the dialer, credentials, values and errors.

Only code that talks to Teleport and knows nothing of Slack belongs here. Names are imported from
their modules at first use (PEP 562), so importing values, rules or errors doesn't load gRPC.
`examples/list_requests.py` shows a complete program.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from teleport_client.client import TeleportClient
    from teleport_client.credentials.identity import (
        Credentials,
        CredentialsError,
        load_identity_file,
        load_key_pair,
    )
    from teleport_client.errors import (
        AdminMfaRequired,
        AlreadyExists,
        AlreadyResolved,
        AlreadyReviewed,
        Conflict,
        InvalidArgument,
        LimitExceeded,
        NotFound,
        NotSupported,
        OnBehalfNotAllowed,
        OwnRequest,
        PermissionDenied,
        ReviewNotAllowed,
        Sent,
        TeleportError,
        Unexpected,
        Unreachable,
    )
    from teleport_client.model.access_request import (
        AccessCapabilities,
        AccessRequest,
        Constraints,
        DryRun,
        NewAccessRequest,
        RequestState,
        ResourceId,
        Review,
        Threshold,
    )
    from teleport_client.model.cluster import ClusterInfo, Lease, PluginData
    from teleport_client.model.event import Deleted, Put, WatchEvent
    from teleport_client.model.lock import Lock
    from teleport_client.model.resource import Resource
    from teleport_client.model.user import (
        ClaimMapping,
        Conditions,
        LabelSelector,
        ReviewConditions,
        Role,
        Rule,
        StaticAccess,
        Traits,
        User,
    )
    from teleport_client.services.access_requests import ACCESS_REQUESTS
    from teleport_client.services.roles import ROLES
    from teleport_client.transport.dialer import dial

__all__ = [
    "ACCESS_REQUESTS",
    "ROLES",
    "AccessCapabilities",
    "AccessRequest",
    "AdminMfaRequired",
    "AlreadyExists",
    "AlreadyResolved",
    "AlreadyReviewed",
    "ClaimMapping",
    "ClusterInfo",
    "Conditions",
    "Conflict",
    "Constraints",
    "Credentials",
    "CredentialsError",
    "Deleted",
    "DryRun",
    "InvalidArgument",
    "LabelSelector",
    "Lease",
    "LimitExceeded",
    "Lock",
    "NewAccessRequest",
    "NotFound",
    "NotSupported",
    "OnBehalfNotAllowed",
    "OwnRequest",
    "PermissionDenied",
    "PluginData",
    "Put",
    "RequestState",
    "Resource",
    "ResourceId",
    "Review",
    "ReviewConditions",
    "ReviewNotAllowed",
    "Role",
    "Rule",
    "Sent",
    "StaticAccess",
    "TeleportClient",
    "TeleportError",
    "Threshold",
    "Traits",
    "Unexpected",
    "Unreachable",
    "User",
    "WatchEvent",
    "dial",
    "load_identity_file",
    "load_key_pair",
]

_MODULES = (
    "model.access_request",
    "model.cluster",
    "model.event",
    "model.lock",
    "model.resource",
    "model.user",
    "errors",
    "credentials.identity",
    "transport.dialer",
    "services.access_requests",
    "services.roles",
    "client",
)
"""Modules that define these names; those that load gRPC come last."""

if not TYPE_CHECKING:  # type checkers read the imports above

    def __getattr__(name: str) -> Any:
        if name in __all__:
            for module in _MODULES:
                defined = vars(import_module(f"{__name__}.{module}"))
                if name in defined:
                    return defined[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
