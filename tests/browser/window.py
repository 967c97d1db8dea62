"""One window of the page, and its parts as a person names them."""

import re
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

CHANNEL = "access-requests"
APPROVE = re.compile("^Approve (?!with)")
"""Accessible name of the button that approves at once."""


@dataclass(frozen=True)
class Window:
    page: Page

    async def close(self) -> None:
        """Close the window, so that it no longer follows changes."""
        await self.page.context.close()

    def pane(self, person: str) -> Locator:
        return self.page.locator(f".pane[data-person={person}]")

    def composer(self, person: str) -> Locator:
        """Return the message field of the open conversation."""
        return self.pane(person).locator(".conversation .composer-field")

    def messages(self, person: str, text: str = "") -> Locator:
        """Return the messages of the open conversation that contain a text."""
        return self.pane(person).locator(".conversation article").filter(has_text=text)

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("region", name="Teleport", exact=True)

    @property
    def form(self) -> Locator:
        """The modal of the bot in front."""
        return self.page.locator("dialog.modal[open]")

    @property
    def confirm_dialog(self) -> Locator:
        return self.page.get_by_role("alertdialog")

    def reach(self, node: str, person: str = "Alice Adams") -> Locator:
        """Return the cell of the Access tab with the person's present access to a node."""
        table = self.panel.get_by_role("table", name=person)
        return table.get_by_role("row", name=node).get_by_role("cell").last

    async def send(self, person: str, text: str) -> None:
        """Type a text into the message field, and send it."""
        await self.composer(person).fill(text)
        await self.composer(person).press("Enter")
        await expect(self.composer(person)).to_have_value("")

    async def request(self, reason: str, roles: str = "staging", person: str = "alice") -> None:
        """Request access by command, and wait for the card."""
        await self.send(person, f"/teleport-request {roles} because {reason}")
        card = self.messages(person, reason).filter(has_text="Waiting for approval")
        await expect(card).to_be_visible()

    async def approve(self, person: str = "bob") -> None:
        """Approve the newest request, and wait for the card's outcome."""
        await self.messages(person).get_by_role("button", name=APPROVE).last.click()
        await self.confirm_dialog.get_by_role("button", name="Approve").click()
        await expect(self.messages(person, f"Approved by {person}").last).to_be_visible()

    async def open_form(self, person: str = "alice") -> Locator:
        """Open the form for a new access request."""
        await self.send(person, "/teleport-request")
        await expect(self.form).to_be_visible()
        return self.form

    def conversation_link(self, person: str, name: str) -> Locator:
        return self.pane(person).get_by_role("navigation").get_by_role("link", name=name)

    async def open_conversation(self, person: str, name: str) -> None:
        link = self.conversation_link(person, name)
        await link.click()
        await expect(link).to_have_attribute("aria-current", "page")
