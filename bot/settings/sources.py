"""Sources of settings: a TOML file and the environment.

Each source keeps the location of every key, so that a mistake in a value can name the line or the
variable. An empty value counts as not set, since compose files pass unset variables as empty ones.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.settings.names import CONFIG_VARIABLE, PREFIX, Key, closest_to_variable, key_of, variable
from bot.settings.toml_lines import key_lines

_SLACK_VARIABLES = {
    "SLACK_BOT_TOKEN": ("slack", "token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_API_URL": ("slack", "apiurl"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Settings of one source, or of several merged ones."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Values by section and key, without empty ones."""
    places: Mapping[Key, str] = field(default_factory=dict)
    """Location of each key: a file with a line, or a variable."""
    mistakes: tuple[str, ...] = ()
    """Texts for parts that can't be read."""

    def place(self, key: Key) -> str:
        """Return the location of a key, its section or its first key; empty if there is none."""
        for length in range(len(key), 0, -1):
            if place := self.places.get(key[:length]):
                return place
        return next((self.places[each] for each in self.places if each[: len(key)] == key), "")

    def over(self, other: "Source") -> "Source":
        """Merge two sources. If both set a key, this one wins."""
        return Source(
            _merge(other.values, self.values),
            {**other.places, **self.places},
            self.mistakes + other.mistakes,
        )


def read_file(path: Path | None) -> Source:
    """Read a TOML file, or nothing."""
    if path is None:
        return Source()
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except OSError as error:
        return Source(mistakes=(f"Can't read settings file {path}: {error.strerror}.",))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Source(mistakes=(f"Settings file {path} isn't valid TOML: {error}.",))
    places = {key: f"{path}, line {line}" for key, line in key_lines(text).items()}
    return Source(_without_empty(values), places)


def read_environment(environment: Mapping[str, str], known: Collection[Key]) -> Source:
    """Read the variables with the bot's prefix, which override Slack's usual variables.

    A variable that names only a section is a mistake: each of its keys has its own variable.
    """
    values: dict[str, Any] = {}
    places: dict[Key, str] = {}
    mistakes: list[str] = []
    for name, key in _variables(environment, known):
        if len(key) == 1 and key not in known:
            example = next(each for each in known if each[0] == key[0])
            mistakes.append(
                f"{name} has no effect. Set its keys one by one, such as {variable(example)}."
            )
        elif len(key) == 1:
            values[key[0]], places[key] = environment[name], name
        elif isinstance(section := values.setdefault(key[0], {}), dict):
            section[key[1]], places[key] = environment[name], name
        else:
            mistakes.append(f"{name} and {places[key[:1]]} are both set. Keep one of them.")
    return Source(values, places, tuple(mistakes))


def ignored_variables(
    environment: Mapping[str, str], known: Collection[Key]
) -> dict[str, str | None]:
    """Return variables with the bot's prefix that set nothing, each with a similar one, if any.

    They aren't mistakes: Kubernetes adds variables that begin with a service's name.
    """
    used = {name for name, _ in _variables(environment, known)} | {CONFIG_VARIABLE}
    found: dict[str, str | None] = {}
    for name in sorted(environment):
        if _is_ours(name) and environment[name] and name not in used:
            likely = closest_to_variable(name, known)
            found[name] = variable(likely) if likely else None
    return found


def _variables(environment: Mapping[str, str], known: Collection[Key]) -> list[tuple[str, Key]]:
    """List the variables that set a key, in ascending order of precedence."""
    tops = {key[0] for key in known}
    ours = ((name, key_of(name)) for name in sorted(environment) if _is_ours(name))
    setting = [(name, key) for name, key in ours if len(key) > 1 or key[0] in tops]
    return [
        (name, key) for name, key in [*_SLACK_VARIABLES.items(), *setting] if environment.get(name)
    ]


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX)


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[name] = _merge(below, value) if both and below else value
    return merged


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value != ""
    }
