"""The template environment of the page. It escapes all values that aren't `Markup`."""

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_VERSION_BYTES = 6


def version(markup: str) -> str:
    """Return a short hash of rendered content, for the attribute `data-version`."""
    return hashlib.blake2s(markup.encode(), digest_size=_VERSION_BYTES).hexdigest()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["version"] = version
    return environment


ENVIRONMENT = _environment()


def render(template: str, **values: object) -> Markup:
    """Render a template. Raises UndefinedError for a missing value."""
    return Markup(ENVIRONMENT.get_template(template).render(values))  # noqa: S704 - escaped
