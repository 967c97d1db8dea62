"""Names of settings: the dotted key in the file, the variable in the environment."""

from collections.abc import Collection, Iterable, Iterator
from typing import TypeAlias

from pydantic import BaseModel
from rapidfuzz import fuzz, process

Key: TypeAlias = tuple[str, ...]
"""Parts of a dotted key. A part can be a role name, which can contain dots."""

PREFIX = "TELEPORT_CHATOPS_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
"""Path of the settings file, if no flag gives one."""
_DELIMITER = "__"
_MIN_SIMILARITY = 83
"""Per cent. Any short setting of a section is up to 82 % similar to the section alone, and a short
section with two swapped letters is 83 % similar to the correct one."""


def dotted(key: Key) -> str:
    return ".".join(key)


def variable(key: Key) -> str:
    """Return the environment variable of a key, such as TELEPORT_CHATOPS_SLACK__TOKEN."""
    return PREFIX + _DELIMITER.join(key).upper()


def key_of(name: str) -> Key:
    """Return the key that a variable with the bot's prefix sets."""
    return tuple(name.upper().removeprefix(PREFIX).lower().split(_DELIMITER, maxsplit=1))


def keys(model: type[BaseModel]) -> Iterator[Key]:
    """Yield the keys of all settings."""
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from ((name, *key) for key in keys(section))
        else:
            yield (name,)


def closest(key: Key, known: Iterable[Key]) -> Key | None:
    """Return the most similar key or section, if any is similar."""
    return _most_similar(key, {each[: len(key)] for each in known if len(each) >= len(key)})


def closest_to_variable(name: str, known: Iterable[Key]) -> Key | None:
    """Return the key that is most similar to a variable, if any is similar."""
    return _most_similar(key_of(name), set(known))


def _most_similar(key: Key, choices: Collection[Key]) -> Key | None:
    by_name = {_DELIMITER[0].join(each): each for each in sorted(choices)}
    wanted = _DELIMITER[0].join(key).lower()
    found = process.extractOne(
        wanted, list(by_name), scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY
    )
    return by_name[found[0]] if found else None
