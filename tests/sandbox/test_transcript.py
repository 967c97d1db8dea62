"""Messages in the terminal."""

from datetime import datetime

from sandbox.transcript import message_lines
from tests.sandbox.slack.blocks import markup, plain

_END = int(datetime(2026, 11, 28, 19, 51).timestamp())


def test_card_shows_its_times_and_its_footer() -> None:
    end = markup(f"*Access ends*\n<!date^{_END}^{{date_short_pretty}} at {{time}}|2026>")
    link = markup("· <https://teleport.example.com/1|Open in Teleport>")
    blocks = [
        {"type": "section", "fields": [end]},
        {"type": "context", "elements": [plain("Request 31658515"), link]},
    ]
    assert list(message_lines({"blocks": blocks})) == [
        "Access ends: Nov 28 19:51",
        "Request 31658515 · Open in Teleport",
    ]
