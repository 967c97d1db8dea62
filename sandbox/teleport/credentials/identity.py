"""The identity in a user certificate.

The encoding is that of Teleport's lib/tlsca. The user is the common name, and each role is an
organization. The cluster and the active access requests are attributes with Teleport's own OIDs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

CLUSTER_OID = ObjectIdentifier("1.3.9999.1.7")
ACTIVE_REQUESTS_OID = ObjectIdentifier("1.3.9999.2.8")


@dataclass(frozen=True)
class Identity:
    """A user's identity, as signed by the User CA."""

    user: str
    roles: tuple[str, ...]
    """Static roles, and roles of active access requests."""
    cluster: str
    expires: datetime
    active_requests: tuple[str, ...] = ()

    @classmethod
    def from_certificate(cls, certificate: x509.Certificate) -> Self:
        (user,) = _values(certificate.subject, NameOID.COMMON_NAME)
        (cluster,) = _values(certificate.subject, CLUSTER_OID)
        return cls(
            user=user,
            roles=_values(certificate.subject, NameOID.ORGANIZATION_NAME),
            cluster=cluster,
            expires=certificate.not_valid_after_utc,
            active_requests=_values(certificate.subject, ACTIVE_REQUESTS_OID),
        )

    def subject(self) -> x509.Name:
        return x509.Name(
            [
                *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, role) for role in self.roles),
                x509.NameAttribute(NameOID.COMMON_NAME, self.user),
                x509.NameAttribute(CLUSTER_OID, self.cluster),
                *(x509.NameAttribute(ACTIVE_REQUESTS_OID, it) for it in self.active_requests),
            ]
        )


def _values(name: x509.Name, oid: ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in name.get_attributes_for_oid(oid))
