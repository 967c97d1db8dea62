"""Read answers whose strings are not UTF-8: Go's encoders pass on whatever bytes somebody typed.

Teleport keeps and lists such names and reasons (gravitational/teleport#52330). Protobuf for Python
refuses the whole message instead, and with it a list of everybody's requests.
"""

import codecs
from collections.abc import Callable
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

_ONE_A_BYTE = "one-question-mark-a-byte"

# Wire types (protobuf.dev/programming-guides/encoding).
_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5
_MORE = 0x80
"""Set in each byte of a number but the last."""

Received = TypeVar("Received", bound=Message)


def reader(parse: Callable[[bytes], Received]) -> Callable[[bytes], Received]:
    """Give what reads as `parse`, the FromString of a message's class, and any text as well.

    Raises DecodeError for what is no message.
    """
    kind: type[Message] = cast(Any, parse).__self__

    def read(data: bytes) -> Received:
        try:
            return parse(data)
        except DecodeError:
            return parse(_replaced(data, cast(Descriptor, kind.DESCRIPTOR)))

    return read


def _replaced(data: bytes, kind: Descriptor) -> bytes:
    """Put a question mark for each byte that makes a string of a message no UTF-8.

    So all lengths stay as they are. Raises DecodeError for what is no message.
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
        data[at:end] = data[at:end].decode(errors=_ONE_A_BYTE).encode()


def _varint(data: bytearray, at: int) -> tuple[int, int]:
    """Give the number, and where it ends."""
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


codecs.register_error(_ONE_A_BYTE, _question_marks)
