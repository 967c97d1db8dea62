"""Where a setting is written: its dotted key in the file, its variable in the environment."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel
from rapidfuzz import process

PREFIX = "TELEPORT_CHATOPS_"
_LEAST_ALIKE = 80
"""Per cent."""


def variable(key: str) -> str:
    """Name the environment variable of `slack.token`."""
    return PREFIX + key.upper().replace(".", "__")


def keys(model: type[BaseModel]) -> Iterator[str]:
    """List all settings by their dotted keys."""
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from (f"{name}.{key}" for key in keys(section))
        else:
            yield name


def misplaced_section(known: Iterable[str], environment: Mapping[str, str]) -> tuple[str, str]:
    """Find a variable that names a section where only its keys can be set, and one such key."""
    for key in known:
        section, dot, _ = key.partition(".")
        if dot and environment.get(variable(section)):
            return variable(section), variable(key)
    return "", ""


def unknown_variables(
    known: Iterable[str], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """List variables that look like ours and set nothing, each with the likeliest one, if any.

    They are no reason to stop: Kubernetes adds variables that begin with a service's name.
    """
    variables = [variable(key) for key in known]
    for name in sorted(environment):
        upper = name.upper()
        sets_something = any(upper == each or upper.startswith(f"{each}__") for each in variables)
        if upper.startswith(PREFIX) and environment[name] and not sets_something:
            alike = process.extractOne(upper, variables, score_cutoff=_LEAST_ALIKE)
            yield name, alike[0] if alike else ""
