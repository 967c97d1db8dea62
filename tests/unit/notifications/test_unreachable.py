"""Which troubles of a recipient are said, and how often."""

import structlog

from notifications.routing.unreachable import UnreachableRecipients


def test_a_trouble_is_said_once_and_again_when_it_changes_or_comes_back() -> None:
    """Not at every try."""
    unreachable = UnreachableRecipients()
    with structlog.testing.capture_logs() as logged:
        for problem in ("not_in_channel", "not_in_channel", "is_archived"):
            unreachable.mark_unreachable("ops", problem)
        unreachable.mark_reachable("ops")
        unreachable.mark_reachable("ops")
        unreachable.mark_unreachable("ops", "is_archived")
    assert [(each["event"], each.get("error")) for each in logged] == [
        ("recipient_unreachable", "not_in_channel"),
        ("recipient_unreachable", "is_archived"),
        ("recipient_recovered", None),
        ("recipient_unreachable", "is_archived"),
    ]
    assert len(unreachable) == 1


async def test_what_was_mended_before_it_was_told_is_not_told() -> None:
    """Only what is still true is."""
    unreachable = UnreachableRecipients()
    unreachable.mark_unreachable("ops", "not_in_channel")
    unreachable.mark_unreachable("dev", "not_in_channel")
    unreachable.mark_reachable("ops")
    assert "to dev: not_in_channel. Invite the bot there." in await unreachable.next_unreported()
    unreachable.mark_unreachable("ops", "is_archived")
    assert "to ops: is_archived. Unarchive" in await unreachable.next_unreported()
