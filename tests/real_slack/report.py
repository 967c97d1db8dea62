"""The findings of a run, in lines to print."""

from collections.abc import Iterator, Sequence

from tests.real_slack.compare import Difference
from tests.real_slack.run import Findings


def lines(findings: Findings, differences: Sequence[Difference]) -> Iterator[str]:
    yield f"{findings.messages} messages posted, updated and deleted"
    if findings.validation_unavailable:
        yield f"Slack doesn't offer blocks.validate ({findings.validation_unavailable})"
    else:
        yield f"{findings.validated} views and messages validated"
    if findings.extra_scopes:
        yield f"Scopes that the manifest doesn't need: {', '.join(findings.extra_scopes)}"
    yield from _listed("Problems", findings.problems)
    yield from _listed("May have stayed in Slack; delete it by hand", findings.left)
    yield from _listed("Differences from the stand-in", list(map(str, differences)))


def failed(findings: Findings) -> bool:
    """Return whether Slack rejected something or something may have stayed in it.

    A difference from the stand-in alone isn't a failure of the bot.
    """
    return bool(findings.problems or findings.left)


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    yield f"{title}: {len(items) or 'none'}"
    for item in items:
        yield f"  {item}"
