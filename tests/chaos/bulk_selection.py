"""The input of simulated users in the form that reviews several requests at once."""

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.chaos.form_values import FormValues
from tests.integration.reviews.inputs import boxes, field, fields, text
from workspace.views.modals.bulk_review_modal import CALLBACK

_MOST_OTHERS = 2
"""Requests that a user selects besides the one of their step."""


def lists_request(view: Mapping[str, Any], request_id: str) -> bool:
    """Return whether a view is the form and lists this request."""
    return view.get("callback_id") == CALLBACK and request_id in _listed(view)


def bulk_selection(view: Mapping[str, Any], request_id: str, random: Random) -> FormValues:
    """Select a request and up to two others."""
    others = [each for each in _listed(view) if each != request_id]
    chosen = random.sample(others, min(len(others), random.randint(0, _MOST_OTHERS)))
    inputs = {name: boxes(view, name, request_id, *chosen) for name in _names(view)}
    inputs["reason"] = text("reviewed together")
    return {name: {name: value} for name, value in inputs.items()}


def _listed(view: Mapping[str, Any]) -> list[str]:
    """Return the IDs of all requests in the form."""
    return [option["value"] for name in _names(view) for option in field(view, name)["options"]]


def _names(view: Mapping[str, Any]) -> list[str]:
    """Return the block IDs of the checkboxes."""
    return [name for name in fields(view) if name != "reason"]
