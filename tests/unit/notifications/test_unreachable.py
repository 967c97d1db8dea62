"""Warnings about unreachable recipients, and how often they are sent."""

import structlog

from notifications.routing.unreachable_recipients import UnreachableRecipients


def test_problem_is_reported_once_and_again_when_it_changes() -> None:
    """It isn't reported on each attempt."""
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
    assert logged[0]["hint"] == "Invite the bot to the channel."
    assert len(unreachable) == 1


async def test_problem_resolved_before_its_report_is_not_reported() -> None:
    unreachable = UnreachableRecipients()
    unreachable.mark_unreachable("ops", "not_in_channel")
    unreachable.mark_unreachable("dev", "not_in_channel")
    unreachable.mark_reachable("ops")
    assert (
        "to dev: not_in_channel. Invite the bot to the channel."
        in await unreachable.next_unreported()
    )
    unreachable.mark_unreachable("ops", "is_archived")
    assert "to ops: is_archived. Unarchive" in await unreachable.next_unreported()
