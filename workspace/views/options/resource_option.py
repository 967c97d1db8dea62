"""A resource as an option of a menu."""

from collections.abc import Iterable

from slack_sdk.models.blocks import Option, PlainTextObject

from teleport_client.model.resource import Resource
from workspace.text.untrusted import safe_name
from workspace.views.options import role_option

_LIMIT = role_option.LIMIT


def option(path: str, resource: Resource | None) -> Option:
    """Return the option of a path, with the name and the labels of a resource that is listed."""
    if resource is None:
        return _option(path, path.removeprefix("/"), "")
    labels = (f"{key}={value}" for key, value in sorted(resource.labels.items()))
    return _option(path, f"{resource.kind}/{resource.title}", ", ".join(labels))


def paths(values: Iterable[str], listed: Iterable[str]) -> tuple[str, ...]:
    """Turn values back into paths. Raises LookupError for a digest of no listed path.

    `listed` are the paths that are longer than a value.
    """
    return role_option.names(values, listed)


def _option(path: str, text: str, description: str) -> Option:
    return Option(
        text=PlainTextObject(text=safe_name(text, _LIMIT - 2), emoji=False),
        value=role_option.value(path),
        description=PlainTextObject(text=safe_name(description, _LIMIT - 2), emoji=False)
        if description
        else None,
    )
