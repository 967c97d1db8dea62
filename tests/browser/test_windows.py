"""The check that each test makes of its windows."""

from tests.browser.windows import Windows


async def test_problems_of_a_window_are_collected(windows: Windows) -> None:
    """Otherwise no other test fails because of them."""
    page = (await windows.open()).page
    await page.evaluate("console.error('broken')")
    await page.evaluate("alert('hostile')")
    async with page.expect_event("pageerror"):
        await page.evaluate("setTimeout(() => { throw new Error('uncaught'); })")
    assert [problem.partition(":")[0] for problem in sorted(windows.problems)] == [
        "dialog",
        "error",
        "exception",
    ]
    windows.problems.clear()
