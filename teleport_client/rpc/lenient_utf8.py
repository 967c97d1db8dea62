"""Decoding of messages with strings that aren't valid UTF-8.

Go's encoder doesn't check strings, so Teleport stores and lists names and reasons with arbitrary
bytes (gravitational/teleport#52330). Protobuf for Python rejects the whole message instead, and so
the list of all requests. If decoding fails, this module walks the message by its descriptor,
replaces each invalid byte in a string by a question mark, and decodes it again. One byte replaces
one byte, so all lengths in the message stay correct.
"""

import codecs
from collections.abc import Callable
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

_QUESTION_MARKS = "one-question-mark-per-byte"

# Wire types (protobuf.dev/programming-guides/encoding).
_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5
_MORE = 0x80
"""Set in each byte of a number except the last."""

Received = TypeVar("Received", bound=Message)


def reader(parse: Callable[[bytes], Received]) -> Callable[[bytes], Received]:
    """Return `parse`, the FromString of a message class, made lenient.

    It raises DecodeError for bytes that aren't a message.
    """
    kind: type[Message] = cast(Any, parse).__self__

    def read(data: bytes) -> Received:
        try:
            return parse(data)
        except DecodeError:
            return parse(_replace_invalid_bytes(data, cast(Descriptor, kind.DESCRIPTOR)))

    return read


def _replace_invalid_bytes(data: bytes, kind: Descriptor) -> bytes:
    """Return the message with a question mark for each invalid byte of a string.

    Raises DecodeError for bytes that aren't a message.
    """
    repaired = bytearray(data)
    try:
        _replace_in_message(repaired, 0, len(repaired), kind)
    except IndexError as error:
        raise DecodeError("the message ends too early") from error
    return bytes(repaired)


def _replace_in_message(data: bytearray, at: int, end: int, kind: Descriptor) -> None:
    while at < end:
        tag, at = _varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            _, at = _varint(data, at)
        elif wire_type == _EIGHT_BYTES:
            at += 8
        elif wire_type == _FOUR_BYTES:
            at += 4
        elif wire_type == _SIZED:
            size, at = _varint(data, at)
            field = kind.fields_by_number.get(number)
            if field is not None:
                _replace_in_field(data, at, at + size, field)
            at += size
        else:
            raise DecodeError(f"wire type {wire_type}")


def _replace_in_field(data: bytearray, at: int, end: int, field: FieldDescriptor) -> None:
    if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
        _replace_in_message(data, at, end, field.message_type)
    elif field.type == FieldDescriptor.TYPE_STRING:
        data[at:end] = data[at:end].decode(errors=_QUESTION_MARKS).encode()


def _varint(data: bytearray, at: int) -> tuple[int, int]:
    """Return the number and the position after it."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & ~_MORE) << shift
        at, shift = at + 1, shift + 7
        if not byte & _MORE:
            return number, at


def _question_marks(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "?" * (error.end - error.start), error.end


codecs.register_error(_QUESTION_MARKS, _question_marks)
