"""Conversion of resources to and from the JSON form of Teleport's own tools.

A form lists the fields of a message with the JSON tags of api/types. Like Go's decoder, it ignores
unknown keys, and rejects values of another type with Go's text.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf.message import Message

from sandbox.teleport.go_text import go_duration, parse_go_duration
from sandbox.teleport.json_times import rfc3339_nano, timestamp_from
from sandbox.teleport.timestamps import given, stamp

Json = dict[str, object]

_GO_TYPES = {str: "string", bool: "bool", list: "array", dict: "object", int: "number"}


class FormError(ValueError):
    """A value that a field can't hold."""


@dataclass(frozen=True)
class Field(ABC):
    """One key of a JSON object, and the message field with its value."""

    key: str
    name: str
    always: bool = False
    """Whether an empty value is written, too: a tag without `omitempty`."""

    def write(self, message: Message, into: Json) -> None:
        value = self._write(message)
        if value or self.always:
            into[self.key] = value

    @abstractmethod
    def read(self, value: object, message: Message) -> None:
        """Convert a value. Raises FormError for another type."""

    @abstractmethod
    def _write(self, message: Message) -> object: ...

    def _check(self, value: object, kind: type, go_type: str) -> Any:
        if not isinstance(value, kind):
            found = _GO_TYPES.get(type(value), "number")
            raise FormError(
                f"json: cannot unmarshal {found} into Go struct field {self.key} of type {go_type}"
            )
        return value


@dataclass(frozen=True)
class Form:
    """The JSON form of one kind of message."""

    fields: tuple[Field, ...]

    def to_json(self, message: Message) -> Json:
        values: Json = {}
        for field in self.fields:
            field.write(message, values)
        return values

    def read(self, values: Mapping[str, object], message: Message) -> None:
        """Set the fields in `values`. Raises FormError for a value of another type."""
        for field in self.fields:
            if values.get(field.key) is not None:
                field.read(values[field.key], message)


class Text(Field):
    def read(self, value: object, message: Message) -> None:
        setattr(message, self.name, self._check(value, str, "string"))

    def _write(self, message: Message) -> object:
        return getattr(message, self.name)


class Flag(Field):
    def read(self, value: object, message: Message) -> None:
        setattr(message, self.name, self._check(value, bool, "bool"))

    def _write(self, message: Message) -> object:
        return getattr(message, self.name)


class Count(Field):
    def read(self, value: object, message: Message) -> None:
        setattr(message, self.name, self._check(value, int, "uint32"))

    def _write(self, message: Message) -> object:
        return getattr(message, self.name)


class Texts(Field):
    def read(self, value: object, message: Message) -> None:
        getattr(message, self.name)[:] = _strings(self._check, value)

    def _write(self, message: Message) -> object:
        return list(getattr(message, self.name))


class Map(Field):
    """Labels of a resource: one text for each key."""

    def read(self, value: object, message: Message) -> None:
        for key, text in self._check(value, dict, "map[string]string").items():
            getattr(message, self.name)[key] = self._check(text, str, "string")

    def _write(self, message: Message) -> object:
        return dict(sorted(getattr(message, self.name).items()))


class Traits(Field):
    """Lists of texts by key. An empty list is null."""

    def read(self, value: object, message: Message) -> None:
        for key, texts in self._check(value, dict, "map[string][]string").items():
            values = getattr(message, self.name).Values[key].Values
            values[:] = [] if texts is None else _strings(self._check, texts)

    def _write(self, message: Message) -> object:
        values = getattr(message, self.name).Values
        return {key: list(it.Values) or None for key, it in sorted(values.items())}


class Labels(Field):
    """Label selectors: a single value is a text, several are a list."""

    def read(self, value: object, message: Message) -> None:
        for key, texts in self._check(value, dict, "map[string]utils.Strings").items():
            values = [texts] if isinstance(texts, str) else _strings(self._check, texts)
            getattr(message, self.name).Values[key].Values[:] = values

    def _write(self, message: Message) -> object:
        values = getattr(message, self.name).Values
        return {key: _alone(list(it.Values)) for key, it in sorted(values.items())}


class Duration(Field):
    """A duration in Go's text form. The message has nanoseconds."""

    def read(self, value: object, message: Message) -> None:
        text = self._check(value, str, "string")
        try:
            setattr(message, self.name, parse_go_duration(text, with_days=True))
        except ValueError as error:
            raise FormError(str(error)) from error

    def _write(self, message: Message) -> object:
        nanoseconds = getattr(message, self.name)
        return go_duration(nanoseconds) if nanoseconds else ""


class Time(Field):
    """A required time. An unset one is the first second of year 1."""

    def read(self, value: object, message: Message) -> None:
        try:
            timestamp = timestamp_from(self._check(value, str, "time.Time"))
        except ValueError as error:
            raise FormError(str(error)) from error
        getattr(message, self.name).CopyFrom(timestamp)

    def _write(self, message: Message) -> object:
        there = given(message, self.name) is not None
        return rfc3339_nano(getattr(message, self.name) if there else stamp(None))


class OptionalTime(Time):
    def _write(self, message: Message) -> object:
        there: datetime | None = given(message, self.name)
        return None if there is None else rfc3339_nano(getattr(message, self.name))


@dataclass(frozen=True)
class Nested(Field):
    form: Form = Form(())

    def read(self, value: object, message: Message) -> None:
        child: Message = getattr(message, self.name)
        child.SetInParent()
        self.form.read(self._check(value, dict, "object"), child)

    def _write(self, message: Message) -> object:
        return self.form.to_json(getattr(message, self.name))

    def write(self, message: Message, into: Json) -> None:
        if self.always or message.HasField(self.name):
            into[self.key] = self._write(message)


@dataclass(frozen=True)
class NestedList(Field):
    form: Form = Form(())

    def read(self, value: object, message: Message) -> None:
        for each in self._check(value, list, "array"):
            self.form.read(self._check(each, dict, "object"), getattr(message, self.name).add())

    def _write(self, message: Message) -> object:
        return [self.form.to_json(each) for each in getattr(message, self.name)]


def _strings(checked: Callable[[object, type, str], Any], value: object) -> Sequence[str]:
    return [checked(text, str, "string") for text in checked(value, list, "[]string")]


def _alone(values: list[str]) -> object:
    return values[0] if len(values) == 1 else values
