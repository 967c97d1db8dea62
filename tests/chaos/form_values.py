"""The input of simulated users in the request form: roles or resources, times and reviewers."""

import time
from collections.abc import Mapping
from random import Random
from typing import Any, TypeAlias

from tests.integration.slack_driver import selected

FormValues: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Slack's `state.values`."""
_RESOURCES = ("/main/db/staging-orders", "/main/app/staging-grafana")
_REVIEWERS = ("U0BOB00001", "U0CAROL001")
_LATER_START = 3600.0


def form_values(random: Random, role: str, reason: str) -> FormValues:
    """Return the values of a submitted form.

    Some requests are for a resource, some start later, and some expire within seconds.
    """
    inputs: dict[str, Mapping[str, Any]] = {"reason": {"value": reason}}
    if random.choice([True, False, False]):
        inputs["resources"] = selected(random.choice(_RESOURCES))
    else:
        inputs["roles"] = selected(role)
    if random.choice([True, False, False]):
        inputs["start"] = _picked(_LATER_START)
    if random.choice([True, False, False]):
        inputs["expires"] = _picked(random.uniform(4, 20))
    if random.choice([True, False]):
        inputs["reviewers"] = selected(random.choice(_REVIEWERS))
    return {name: {name: value} for name, value in inputs.items()}


def _picked(seconds: float) -> Mapping[str, Any]:
    return {"type": "datetimepicker", "selected_date_time": int(time.time() + seconds)}
