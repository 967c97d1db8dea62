"""Our protobuf definitions agree with Teleport's in names, numbers, types and calls."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from teleport_client._proto import (
    authservice_pb2,
    header_pb2,
    trait_pb2,
    types_pb2,
    userloginstate_pb2,
    users_service_pb2,
    wrappers_pb2,
)

TABLE = Path(__file__).parents[2] / "wire" / "teleport-api.tsv"
FILES = (
    authservice_pb2, header_pb2, trait_pb2, types_pb2, userloginstate_pb2, users_service_pb2,
    wrappers_pb2,
)  # fmt: skip


def official() -> set[str]:
    return {line for line in TABLE.read_text().splitlines() if not line.startswith("#")}


def describe(file: FileDescriptor) -> Iterator[str]:
    """Yield each field and call of a file as a line of the table."""
    proto = FileDescriptorProto()
    file.CopyToProto(proto)
    for message in proto.message_type:
        yield from fields(message, proto.package)
    for service in proto.service:
        for call in service.method:
            response = call.output_type.removeprefix(".")
            yield "\t".join(
                (
                    f"{proto.package}.{service.name}", call.name, "rpc",
                    call.input_type.removeprefix("."),
                    f"stream {response}" if call.server_streaming else response,
                )
            )  # fmt: skip


def fields(message: DescriptorProto, prefix: str) -> Iterator[str]:
    name = f"{prefix}.{message.name}"
    for field in message.field:
        kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
        many = field.label == FieldDescriptorProto.LABEL_REPEATED
        yield "\t".join(
            (
                name, field.name, str(field.number), field.type_name.removeprefix(".") or kind,
                "repeated" if many else "single",
            )
        )  # fmt: skip
    for nested in message.nested_type:
        yield from fields(nested, name)


@pytest.mark.parametrize("file", [module.DESCRIPTOR for module in FILES], ids=lambda f: f.name)
def test_every_field_and_call_is_in_teleports_table(file: FileDescriptor) -> None:
    """With a wrong number, a server would read a different field."""
    lines = set(describe(file))
    assert lines
    assert lines <= official()


def test_table_has_no_unused_lines() -> None:
    used = {line for module in FILES for line in describe(module.DESCRIPTOR)}
    assert official() == used
