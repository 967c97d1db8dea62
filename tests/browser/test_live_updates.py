"""Changes of an open page, and the state that its address and its session keep."""

from playwright.async_api import expect

from tests.browser.windows import Windows


async def test_new_message_updates_only_itself(windows: Windows) -> None:
    """Existing elements, the focus and the typed text stay."""
    window, other = await windows.open(), await windows.open("/?person=carol")
    await window.request("redis is stuck")
    await window.composer("alice").fill("half a sentence")
    mark = "elements => elements.forEach((each) => { each.marked = true; })"
    marked = "elements => elements.filter((each) => each.marked).length"
    parts = window.page.locator("article, .composer, .sidebar a, .panel section, .pane")
    await parts.evaluate_all(mark)
    count = await parts.count()

    await other.send("carol", "looking at it")

    await expect(window.messages("alice", "looking at it")).to_have_count(1)
    assert await parts.evaluate_all(marked) == count
    assert await parts.count() == count + 2
    await expect(window.composer("alice")).to_be_focused()
    await expect(window.composer("alice")).to_have_value("half a sentence")


async def test_two_windows_stay_in_sync(windows: Windows) -> None:
    first, second = await windows.open("/?person=alice"), await windows.open("/?person=bob")
    await first.request("redis is stuck")
    await second.approve()
    await expect(first.messages("alice", "Approved by bob")).to_have_count(1)
    run = second.panel.get_by_role("button", name="Run tsh ls")
    await run.click()
    await expect(second.panel.get_by_role("log")).to_contain_text("dev-1")
    login = first.panel.get_by_role("button", name="Run tsh login --request-id")
    await login.click()
    await expect(first.reach("staging-db")).to_have_text("★ New")


async def test_reload_keeps_people_channel_thread_and_tab(windows: Windows) -> None:
    window = await windows.open()
    await window.request("redis is stuck")
    await window.approve()
    await window.messages("bob").get_by_role("link", name="1 reply").click()
    await window.open_conversation("alice", "general")
    await window.panel.get_by_role("tab", name="Users").click()
    await window.composer("alice").fill("half a sentence")
    await expect(window.panel.get_by_role("tab", name="Users")).to_have_attribute(
        "aria-selected", "true"
    )

    await window.page.reload()

    await expect(window.pane("alice").get_by_role("heading", name="#general")).to_be_visible()
    await expect(window.composer("alice")).to_have_value("half a sentence")
    thread = window.pane("bob").get_by_role("region", name="Thread")
    await expect(thread).to_contain_text("bob approved")
    await expect(window.panel.get_by_role("region", name="alice")).to_be_visible()


async def test_back_returns_to_the_earlier_conversation(windows: Windows) -> None:
    window = await windows.open()
    await window.open_conversation("alice", "general")
    await window.page.go_back()
    heading = window.pane("alice").get_by_role("heading", name="#access-requests")
    await expect(heading).to_be_visible()


async def test_person_can_be_switched(windows: Windows) -> None:
    """The other person has other conversations, and another time zone."""
    window = await windows.open()
    bob = window.pane("bob")
    await expect(window.conversation_link("bob", "security")).to_be_visible()
    await bob.get_by_role("combobox", name="Person").select_option(label="Carol Clark")
    carol = window.pane("carol")
    await expect(carol.get_by_role("heading", name="#access-requests")).to_be_visible()
    await expect(bob).to_have_count(0)
    await window.send("carol", "looking at it")
    await expect(window.messages("alice", "Carol Clark")).to_contain_text("looking at it")


async def test_thread_opens_beside_the_conversation(windows: Windows) -> None:
    window = await windows.open()
    await window.request("redis is stuck")
    await window.approve()
    bob = window.pane("bob")
    await window.messages("bob").get_by_role("link", name="1 reply").click()
    thread = bob.get_by_role("region", name="Thread in #access-requests")
    await expect(thread.get_by_role("article")).to_have_count(2)
    await expect(thread.get_by_role("article").last).to_contain_text("bob approved")
    field = thread.locator(".composer-field")
    await expect(field).to_be_focused()
    await field.fill("thanks")
    await field.press("Enter")
    await expect(thread.get_by_role("article").last).to_contain_text("thanks")
    await expect(window.messages("alice")).to_have_count(2)
    await expect(window.messages("alice").get_by_role("link", name="2 replies")).to_be_visible()
    await thread.get_by_role("link", name="Close the thread").click()
    await expect(thread).to_have_count(0)


async def test_unknown_command_is_explained(windows: Windows) -> None:
    window = await windows.open()
    await window.composer("alice").fill("/nothing")
    await window.composer("alice").press("Enter")
    await expect(window.page.get_by_role("alert")).to_contain_text("/nothing")
    await expect(window.composer("alice")).to_have_value("/nothing")
