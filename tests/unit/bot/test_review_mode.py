"""The review mode for a server and the settings."""

import pytest

from bot.connect.review_mode import wanted_mode
from bot.settings.settings import Settings
from teleport_client.model.cluster import ClusterInfo
from workspace.requests.review_policy import ReviewMode


def make_settings(*, receives: bool = True, approvers: tuple[str, ...] = ()) -> Settings:
    return Settings.model_validate(
        {
            "teleport": {"identity": "identity"},
            "slack": {"token": "xoxb-1"} | ({"app_token": "xapp-1"} if receives else {}),
            "role_to_recipients": {"*": ["access-requests"]},
            "role_to_approvers": {"*": [*approvers]} if approvers else {},
        }
    )


NEW, OLD = "19.0.0", "17.4.0"


@pytest.mark.parametrize(
    ("version", "settings", "mode", "why"),
    [
        (NEW, make_settings(receives=False), ReviewMode.OFF, "set by the settings"),
        (NEW, make_settings(), ReviewMode.PERSON, "accepts reviews on behalf"),
        (OLD, make_settings(approvers=("bob",)), ReviewMode.OVERRIDE, "approvers are set"),
        (OLD, make_settings(), ReviewMode.NOTIFY, "no approvers are set"),
    ],
)
def test_best_mode_that_the_server_allows_is_selected(
    version: str, settings: Settings, mode: ReviewMode, why: str
) -> None:
    selected, reason = wanted_mode(ClusterInfo("main", version, advanced_workflows=True), settings)
    assert (selected, why in reason) == (mode, True)
