"""The Teleport panel: links to its buttons, and the output of commands."""

from playwright.async_api import expect

from tests.browser.windows import Windows


async def test_step_points_at_the_login_in_the_open_panel(windows: Windows) -> None:
    window = await windows.open()
    steps = window.page.get_by_role("region", name="First steps")
    await steps.get_by_role("link", name="Teleport panel").click()
    await expect(window.page.get_by_role("alert")).to_contain_text("First click Approve as Bob")
    await window.request("redis is stuck")
    await window.approve()
    await window.panel.get_by_role("tab", name="Users").click()
    await steps.get_by_role("link", name="Teleport panel").click()
    run = window.panel.get_by_role("button", name="Run tsh login --request-id")
    await expect(run).to_be_focused()
    await run.click()
    await expect(steps).to_contain_text("Next: prod")
    for name, focused in (
        ("tsh", window.panel.get_by_role("button", name="Run tsh ls as alice")),
        ("prod needs two approvals", window.composer("alice")),
    ):
        await steps.get_by_role("link", name=name).click()
        await expect(focused).to_be_focused()
    await expect(window.composer("alice")).to_have_value(
        "/teleport-request prod because shard 3 is down"
    )
    await steps.get_by_role("button", name="Dismiss").click()
    await expect(steps).to_have_count(0)


async def test_output_wraps_and_marks_errors(windows: Windows) -> None:
    window = await windows.open()
    panel, output = window.panel, window.panel.get_by_role("log")
    await window.request("redis is stuck")
    await panel.get_by_role("tab", name="Users").click()
    await panel.get_by_role("button", name="Run tctl get users/alice").click()
    await expect(output).to_contain_text("traits")
    await expect(output.locator(".tp-failed")).to_have_count(0)
    assert await output.evaluate("output => output.scrollWidth <= output.clientWidth")
    await panel.get_by_role("button", name="Run tctl lock --user=alice").click()
    await expect(output).to_contain_text("Created a lock")
    await panel.get_by_role("tab", name="Requests").click()
    await panel.get_by_role("button", name="Run tsh request show").click()
    await expect(output.locator(".tp-failed")).to_contain_text("✗ Failed with exit code 1")
