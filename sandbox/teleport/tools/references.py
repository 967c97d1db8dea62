"""References to resources, such as `users/alice` (ParseRefs in lib/services/resource.go)."""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.teleport.go_text import quoted


class Kind(StrEnum):
    USER = "user"
    ROLE = "role"
    LOCK = "lock"
    TOKEN = "token"  # noqa: S105 - the name of a kind

    @classmethod
    def by_word(cls, word: str) -> "Kind | None":
        """Return the kind by its singular or plural."""
        return next((kind for kind in cls if word in (kind, f"{kind}s")), None)


@dataclass(frozen=True)
class Reference:
    kind: Kind
    name: str = ""
    """Name of the resource. Empty for all resources of the kind."""


class UnknownReference(ValueError):
    """A word that isn't a reference."""


def references(text: str) -> list[Reference]:
    """Parse several references, separated by commas. Raises UnknownReference."""
    return [reference(part) for part in text.strip().split(",") if part]


def reference(text: str) -> Reference:
    """Parse a reference. Raises UnknownReference."""
    parts = text.replace("/", " ").split()
    if not parts:
        raise UnknownReference("missing value")
    kind = Kind.by_word(parts[0].lower())
    if kind is None:
        raise UnknownReference(
            f"unsupported resource: {quoted(parts[0])} - resources should be expressed as "
            "'type/name', for example 'connector/github'"
        )
    match parts[1:]:
        case []:
            return Reference(kind)
        case [name]:
            return Reference(kind, name)
        case [sub_kind, name]:
            return Reference(kind, f"{sub_kind}/{name}" if kind is Kind.LOCK else name)
        case _:
            raise UnknownReference(f"failed to parse '{text}'")
