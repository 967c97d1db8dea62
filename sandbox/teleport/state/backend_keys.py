"""Backend keys and the names that they contain (lib/backend/sanitize.go)."""

import re

from sandbox.teleport.errors import BadParameter
from sandbox.teleport.go_text import quoted

_ALLOWED = re.compile(r"[0-9A-Za-z@_:.\-/+]*")
_DENIED = re.compile(r"//|(^|/)\.\.?(/|$)")


def backend_key(*parts: str) -> str:
    """Return the key for these parts.

    Raises BadParameter for parts that the backend rejects, such as empty ones.
    """
    key = "".join(f"/{part}" for part in parts)
    if not _ALLOWED.fullmatch(key) or _DENIED.search(key):
        raise BadParameter(
            "special characters are not allowed in resource names, please use name composed only "
            f"from characters, hyphens, dots, and plus signs: {quoted(key)}"
        )
    return key
