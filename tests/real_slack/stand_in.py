"""The same run against the sandbox's Slack, in this process."""

from collections.abc import Sequence

from sandbox.cast import APP_TOKEN, APPROVERS_CHANNEL, BOT_TOKEN, CHANNELS, PEOPLE
from sandbox.slack.pace import Pace
from sandbox.slack.server import SlackStandIn
from tests.real_slack.messages import SampleMessage
from tests.real_slack.run import Findings, Target, examine


async def examine_stand_in(*, with_person: bool, samples: Sequence[SampleMessage] = ()) -> Findings:
    """Make the calls of a run, with DMs to a user or in the channel."""
    slack = await SlackStandIn.start(pace=Pace(unlimited=True))
    try:
        return await examine(target_in(slack, with_person=with_person), samples)
    finally:
        await slack.stop()


def target_in(slack: SlackStandIn, *, with_person: bool) -> Target:
    """Return the stand-in as a target, without a pause between posts."""
    return Target(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        channel=next(each.id for each in CHANNELS if each.name == APPROVERS_CHANNEL),
        person=PEOPLE[0].slack_user_id if with_person else "",
        base_url=slack.api_url,
        seconds_between_posts=0.0,
    )
