"""What holds for every test."""

import os

import pytest
from hypothesis import settings

# grpc-core writes lines of its own to stderr otherwise; read when it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

# Their assertions are in modules that pytest does not take for tests.
pytest.register_assert_rewrite("tests.server_rules")

# The same commit gives the same result; `make explore` looks for what nobody thought of.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", max_examples=5_000, deadline=None)
settings.load_profile("steady")
