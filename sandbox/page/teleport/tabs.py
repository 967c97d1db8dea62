"""The tabs of the panel, and their form in the page's address."""

import re
from dataclasses import dataclass
from enum import StrEnum

_REQUEST_ID = re.compile(r"[0-9a-f-]{36}")


class Tab(StrEnum):
    ACCESS = "access"
    REQUESTS = "requests"
    USERS = "users"
    LOCKS = "locks"
    AUDIT = "audit"

    @property
    def label(self) -> str:
        return "Audit log" if self is Tab.AUDIT else self.value.capitalize()


@dataclass(frozen=True)
class TabLocation:
    """The open tab, and the request that it points to."""

    tab: Tab = Tab.ACCESS
    request_id: str = ""

    @classmethod
    def read(cls, text: str) -> "TabLocation":
        """Read a tab from an address, such as `requests/<id>`. Unknown ones become Access."""
        name, _, request_id = text.partition("/")
        if name not in tuple(Tab):
            return cls()
        return cls(Tab(name), request_id if _REQUEST_ID.fullmatch(request_id) else "")

    @property
    def text(self) -> str:
        return f"{self.tab}/{self.request_id}" if self.request_id else str(self.tab)
