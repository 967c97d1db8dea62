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


async def test_approval_in_home_opens_a_confirmation_and_updates_the_tab(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    await click_in(quick, "bob", home, "approve")
    await modal_with(quick, "bob", "You approved")
    card = await quick.card("redis 1")
    await quick.card_where(card["ts"], lambda message: "Approved" in words(message))


async def test_denial_in_home_opens_the_form(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    await click_in(quick, "bob", home, "deny")
    form = await quick.form("bob", "review_form")
    await quick.submit("bob", form, reason={"type": "plain_text_input", "value": "not today"})
    await quick.dm("bob", "You denied")
    card = await quick.card("redis 1")
    await quick.card_where(card["ts"], lambda message: "Denied" in words(message))


async def test_request_button_opens_the_form(quick: Stage) -> None:
    home = await opened_home(quick, "alice", "Request access")
    await click_in(quick, "alice", home, "fill_in_request")
    assert await quick.form("alice", "request_form")


async def test_remaining_requests_open_in_a_modal_with_pages(quick: Stage) -> None:
    for number in range(30):
        pending_request(quick.teleport, reason=f"redis {number}.")
    home = await opened_home(quick, "bob", "And 7 more")
    await click_in(quick, "bob", home, "home_more")
    first = await modal_with(quick, "bob", "Older (20)")
    await click_in(quick, "bob", first, "pending_older")
    await modal_with(quick, "bob", "Newer")


async def test_response_arrives_as_a_dm_if_no_modal_opens(quick: Stage) -> None:
    pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    quick.slack.faults.inject({"method": "views.open", "error": "expired_trigger_id", "times": 1})
    await click_in(quick, "bob", home, "approve")
    await quick.dm("bob", "You approved")


async def test_click_on_a_request_that_is_gone_explains_it(quick: Stage) -> None:
    """A tab can be older than the request, for example after the bot was stopped."""
    request = pending_request(quick.teleport, reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    quick.teleport.cluster.requests.delete(request.Metadata.Name)
    await click_in(quick, "bob", home, "approve")
    await modal_with(quick, "bob", "There's no request")


async def test_own_request_can_be_extended_and_shows_its_details(quick: Stage) -> None:
    pending_request(quick.teleport, user="bob", reason="redis 1")
    home = await opened_home(quick, "bob", "redis 1")
    assert "details" in buttons(home)
    await click_in(quick, "bob", home, "details")
    await modal_with(quick, "bob", "redis 1")
    await open_home(quick, "bob")
    await home_where(quick, "bob", lambda view: "redis 1" in words(view))
