"""The buttons of App Home: their responses open in a modal, or arrive as a DM."""

from tests.integration.home.home_driver import (
    click_in,
    home_where,
    modal_with,
    open_home,
    opened_home,
)
from tests.integration.request_factory import pending_request
from tests.integration.slack_driver import Stage, buttons, words


async def test_approval_in_home_opens_a_confirmation_and_updates_the_tab(stage: Stage) -> None:
    pending_request(stage.teleport, reason="redis 1")
    home = await opened_home(stage, "bob", "redis 1")
    await click_in(stage, "bob", home, "approve")
    await modal_with(stage, "bob", "You approved")
    card = await stage.card("redis 1")
    await stage.card_where(card["ts"], lambda message: "Approved" in words(message))


async def test_denial_in_home_opens_the_form(stage: Stage) -> None:
    pending_request(stage.teleport, reason="redis 1")
    home = await opened_home(stage, "bob", "redis 1")
    await click_in(stage, "bob", home, "deny")
    form = await stage.form("bob", "review_form")
    await stage.submit("bob", form, reason={"type": "plain_text_input", "value": "not today"})
    await stage.dm("bob", "You denied")
    card = await stage.card("redis 1")
    await stage.card_where(card["ts"], lambda message: "Denied" in words(message))


async def test_request_button_opens_the_form(stage: Stage) -> None:
    home = await opened_home(stage, "alice", "Request access")
    await click_in(stage, "alice", home, "fill_in_request")
    assert await stage.form("alice", "request_form")


async def test_remaining_requests_open_in_a_modal_with_pages(stage: Stage) -> None:
    for number in range(30):
        pending_request(stage.teleport, reason=f"redis {number}.")
    home = await opened_home(stage, "bob", "And 7 more")
    await click_in(stage, "bob", home, "home_more")
    first = await modal_with(stage, "bob", "redis 29.")
    await click_in(stage, "bob", first, "pending_older")
    await modal_with(stage, "bob", "redis 19.")


async def test_response_arrives_as_a_dm_if_no_modal_opens(stage: Stage) -> None:
    pending_request(stage.teleport, reason="redis 1")
    home = await opened_home(stage, "bob", "redis 1")
    stage.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await click_in(stage, "bob", home, "approve")
    await stage.dm("bob", "You approved")


async def test_click_on_a_request_that_is_gone_explains_it(stage: Stage) -> None:
    """A tab can be older than the request, for example after the bot was stopped."""
    request = pending_request(stage.teleport, reason="redis 1")
    home = await opened_home(stage, "bob", "redis 1")
    stage.teleport.cluster.requests.delete(request.Metadata.Name)
    await click_in(stage, "bob", home, "approve")
    await modal_with(stage, "bob", "There's no request")


async def test_own_request_can_be_extended_and_shows_its_details(stage: Stage) -> None:
    pending_request(stage.teleport, user="bob", reason="redis 1")
    home = await opened_home(stage, "bob", "redis 1")
    assert "details" in buttons(home)
    await click_in(stage, "bob", home, "details")
    await modal_with(stage, "bob", "redis 1")
    await open_home(stage, "bob")
    await home_where(stage, "bob", lambda view: "redis 1" in words(view))
