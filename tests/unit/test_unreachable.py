"""Which troubles of a recipient are said, and how often."""

import structlog

from notifications.unreachable import Unreachable


def test_a_trouble_is_said_once_and_again_when_it_changes_or_comes_back() -> None:
    """Not at every try."""
    unreachable = Unreachable()
    with structlog.testing.capture_logs() as logged:
        for trouble in ("not_in_channel", "not_in_channel", "is_archived"):
            unreachable.lost("ops", trouble)
        unreachable.well("ops")
        unreachable.well("ops")
        unreachable.lost("ops", "is_archived")
    assert [(each["event"], each.get("error")) for each in logged] == [
        ("recipient_left_out", "not_in_channel"),
        ("recipient_left_out", "is_archived"),
        ("recipient_reachable_again", None),
        ("recipient_left_out", "is_archived"),
    ]
    assert len(unreachable) == 1


async def test_what_was_mended_before_it_was_told_is_not_told() -> None:
    """Only what is still true is."""
    unreachable = Unreachable()
    unreachable.lost("ops", "not_in_channel")
    unreachable.lost("dev", "not_in_channel")
    unreachable.well("ops")
    assert "to dev: not_in_channel. Invite the bot there." in await unreachable.next_untold()
    unreachable.lost("ops", "is_archived")
    assert "to ops: is_archived. Unarchive" in await unreachable.next_untold()
