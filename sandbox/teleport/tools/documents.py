"""Resources as YAML or JSON documents."""

import json
from collections.abc import Iterator, Sequence

import yaml

from sandbox.teleport.tools.resource_form import Json


class DocumentError(ValueError):
    """Text that isn't a valid document."""


class _Loader(yaml.SafeLoader):
    """A loader that keeps times as text, like Go's conversion from YAML to JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_documents(text: str) -> Iterator[Json]:
    """Return the resources of a file. Raises DocumentError."""
    for document in _documents(text):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise DocumentError(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
                f"{'array' if isinstance(document, list) else 'string'} into Go value of type "
                "types.ResourceHeader"
            )
        yield document


def to_yaml(resources: Sequence[Json]) -> str:
    if not resources:
        return "[]\n"
    return "---\n".join(
        yaml.safe_dump(each, default_flow_style=False, allow_unicode=True) for each in resources
    )


def to_json(resources: Sequence[Json]) -> str:
    return json.dumps(resources, indent=4, ensure_ascii=False)


def _documents(text: str) -> Iterator[object]:
    try:
        if text.lstrip().startswith("{"):
            yield from _json_documents(text)
        else:
            yield from yaml.load_all(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(
            f"error converting YAML to JSON: yaml: line {line}: {error.problem}"
        ) from error
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise DocumentError(f"error converting YAML to JSON: {error}") from error


def _json_documents(text: str) -> Iterator[object]:
    rest, decoder = text.lstrip(), json.JSONDecoder()
    while rest:
        document, end = decoder.raw_decode(rest)
        yield document
        rest = rest[end:].lstrip()
