"""The cast as local users of Teleport, with a password and a one-time password app."""

import base64
import hmac
import time
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from sandbox.cast import SLACK_TRAIT

PASSWORD = "correct-horse-battery"  # noqa: S105 - opens a cluster that ends with the tests
_PASSWORD_HASH = b"$2b$10$nrEWrTBaCfKDhKTw2EyRDuhMQJkHK81M5Pt4wjHOaRKP7ta6wu2MC"
_LONG_AGO = "2024-01-01T00:00:00Z"
_PERIOD_SECONDS = 30


@dataclass(frozen=True)
class Account:
    name: str
    roles: tuple[str, ...]
    slack_user_id: str = ""
    """Empty for a user without a link."""

    def resource(self) -> dict[str, Any]:
        """Return the user for `tctl create`, which also accepts a password hash and MFA devices.

        Teleport 17 and later have no cluster without a second factor.
        """
        traits = {SLACK_TRAIT: [self.slack_user_id]} if self.slack_user_id else {}
        return {
            "kind": "user",
            "version": "v2",
            "metadata": {"name": self.name},
            "spec": {
                "roles": list(self.roles),
                "traits": {"logins": [self.name]} | traits,
                "local_auth": {
                    "password_hash": base64.b64encode(_PASSWORD_HASH).decode(),
                    "mfa": [_device(self)],
                },
            },
        }

    def one_time_code(self) -> str:
        """Return the code of the app at this moment. Teleport takes each of them once."""
        return totp(_app_key(self), time.time())

    def next_one_time_code(self) -> str:
        """Return the code of the next period, which Teleport takes already."""
        return totp(_app_key(self), time.time() + _PERIOD_SECONDS)


def totp(key: bytes, at: float) -> str:
    """Return the six digits of RFC 6238 for a moment in seconds since 1970."""
    step = int(at) // _PERIOD_SECONDS
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def _app_key(account: Account) -> bytes:
    return hmac.digest(PASSWORD.encode(), account.name.encode(), "sha1")


def _device(account: Account) -> dict[str, Any]:
    """Return a TOTP device as api/proto/teleport/legacy/types/types.proto writes it in JSON."""
    return {
        "kind": "mfa_device",
        "version": "v1",
        "metadata": {"Name": "app"},
        "id": str(uuid5(NAMESPACE_DNS, account.name)),
        "addedAt": _LONG_AGO,
        "lastUsed": _LONG_AGO,
        "totp": {"key": base64.b32encode(_app_key(account)).decode()},
    }
