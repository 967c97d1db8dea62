"""A temporary file for a secret, for a library that reads secrets only from files."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile


@contextmanager
def secret_file(content: bytes) -> Iterator[str]:
    """Yield the path of a file that only this user can read; on Linux it is in memory."""
    if sys.platform == "linux":
        with os.fdopen(os.memfd_create("secret"), "wb") as memory:
            memory.write(content)
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"
    else:  # pragma: no cover - no other platform is tested
        with NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
