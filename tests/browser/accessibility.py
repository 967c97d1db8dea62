"""Accessibility rules of axe-core, on the present state of a page."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_AXE = Axe()


async def check_accessible(page: Page, state: str) -> None:
    """Fail with axe's report if the page violates a rule."""
    results = await _AXE.run(page)
    assert results.violations_count == 0, f"{state}:\n{results.generate_report()}"
