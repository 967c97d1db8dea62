"""Placeholders for modals while Teleport is slow: Slack opens a modal only within three seconds."""

from slack_sdk.models.blocks import PlainTextObject, SectionBlock
from slack_sdk.models.views import View


def loading_request_form() -> View:
    return _placeholder("Request access", "Reading your Teleport roles…")


def loading_details() -> View:
    return _placeholder("Request details", "Reading the request from Teleport…")


def loading_bulk_form() -> View:
    return _placeholder("Review requests", "Reading the requests…")


def _placeholder(title: str, text: str) -> View:
    shown = SectionBlock(text=PlainTextObject(text=text, emoji=False))
    return View(type="modal", title=title, close="Close", blocks=[shown])
