"""The input of simulated users in the form that reviews several requests at once."""

from collections.abc import Mapping
from random import Random
from typing import Any

from commands.slash_commands import APPROVE, DENY
from tests.chaos.form_values import FormValues

COMMANDS = {True: APPROVE, False: DENY}
"""The commands that open the form to approve and to deny. Without arguments, they list requests."""
_MOST_OTHERS = 2
"""Requests that a user selects besides the one of their step."""


def lists_request(view: Mapping[str, Any], request_id: str) -> bool:
    """Return whether a view is the form and lists this request."""
    return view.get("callback_id") == "bulk_review_form" and any(
        option["value"] == request_id for _, option in _options(view)
    )


def bulk_selection(view: Mapping[str, Any], request_id: str, random: Random) -> FormValues:
    """Select a request and up to two others."""
    others = [option["value"] for _, option in _options(view) if option["value"] != request_id]
    chosen = {request_id, *random.sample(others, min(len(others), random.randint(0, _MOST_OTHERS)))}
    selected: dict[str, list[Mapping[str, Any]]] = {}
    for name, option in _options(view):
        selected.setdefault(name, [])
        if option["value"] in chosen:
            selected[name].append(option)
    inputs = {
        name: {"type": "checkboxes", "selected_options": each} for name, each in selected.items()
    }
    inputs["reason"] = {"type": "plain_text_input", "value": "reviewed together"}
    return {name: {name: value} for name, value in inputs.items()}


def _options(view: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the block ID and the option of each checkbox."""
    return [
        (block["block_id"], option)
        for block in view["blocks"]
        if block.get("element", {}).get("type") == "checkboxes"
        for option in block["element"]["options"]
    ]
