"""`teleport-chatops link`: add a Slack user ID to a user resource, as `tctl get` prints it.

The resource stays a tree of YAML nodes. Scalars are never converted, so every other field keeps its
value as written: timestamps, quoted numbers, `yes`, `metadata.revision`.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence

import yaml
from yaml.representer import SafeRepresenter

_SLACK_USER_ID = re.compile(r"[UW][A-Z0-9]{6,}")
"""docs.slack.dev/reference/objects/user-object; `W` in Enterprise organizations."""
_BOT_LABEL = "teleport.internal/bot"
"""On users of Machine ID bots (api/types/constants.go)."""
_NULL = "tag:yaml.org,2002:null"


class LinkError(Exception):
    """The input can't be linked. The text is one sentence with the reason and the fix."""


def link(text: str, user: str, slack_user_id: str, *, trait: str, replace: bool = False) -> str:
    """Return the resource of `user` as YAML for `tctl create -f`, with `slack_user_id` in `trait`.

    `text` is YAML or JSON with this one user. `replace` allows another ID to be overwritten.
    Raises LinkError.
    """
    if not _SLACK_USER_ID.fullmatch(slack_user_id):
        raise LinkError(
            f"{slack_user_id} isn't a Slack user ID: copy it from the profile in Slack, it looks"
            " like U012ABCDEF."
        )
    resource = _only_resource(text, user, slack_user_id)
    _check_user(resource, user, trait)
    linked = list(_strings(_at(resource, "spec", "traits", trait)))
    if slack_user_id not in linked:
        if linked and not replace:
            raise LinkError(
                f"{user} is already linked to {', '.join(linked)}: add --replace to link"
                f" {slack_user_id} instead."
            )
        resource = _with_values(resource, ("spec", "traits", trait), [slack_user_id])
    return yaml.serialize(resource, Dumper=yaml.SafeDumper, allow_unicode=True, width=sys.maxsize)


def _only_resource(text: str, user: str, slack_user_id: str) -> yaml.Node:
    resources = list(_resources(text))
    if not resources:
        raise LinkError(
            f"The input is empty: run tctl get users/{user} | teleport-chatops link {user}"
            f" {slack_user_id} | tctl create -f"
        )
    if len(resources) > 1:
        raise LinkError(f"The input has {len(resources)} resources: use tctl get users/{user}")
    if _at(resources[0], "kind") is None:
        raise LinkError(f"The input isn't a Teleport resource: use tctl get users/{user}")
    return resources[0]


def _resources(text: str) -> Iterator[yaml.Node]:
    """Yield each resource of a YAML stream, or of the list that `--format=json` prints."""
    try:
        documents = _json_documents(text) or list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError) as error:
        raise LinkError(
            "The input is neither YAML nor JSON: use the output of tctl get."
        ) from error
    for document in documents:
        if isinstance(document, yaml.SequenceNode):
            yield from document.value
        elif document.tag != _NULL:
            yield document


class _JsonRepresenter(SafeRepresenter):
    """Quotes all strings: other YAML versions read some plain ones as numbers, such as 1e3."""


_JsonRepresenter.add_representer(str, lambda _, text: _quoted(text))


def _json_documents(text: str) -> list[yaml.Node]:
    """Convert JSON to nodes; empty if it isn't JSON. PyYAML can't read JSON's surrogate pairs."""
    try:
        value = json.loads(text)
    except ValueError:
        return []
    return [_JsonRepresenter(sort_keys=False).represent_data(value)]


def _check_user(resource: yaml.Node, user: str, trait: str) -> None:
    kind, name = _text(_at(resource, "kind")), _text(_at(resource, "metadata", "name"))
    if kind != "user":
        raise LinkError(f"The input is a {kind}, not a user: use tctl get users/{user}")
    if name != user:
        raise LinkError(f"The input is the user {name}, not {user}: use tctl get users/{user}")
    if _at(resource, "metadata", "labels", _BOT_LABEL) is not None:
        raise LinkError(f"{user} is the user of a Machine ID bot: link a person's user instead.")
    connector = _at(resource, "spec", "created_by", "connector")
    if connector is not None:
        raise LinkError(
            f"{user} is a single sign-on user, whose traits are replaced at each login: set the"
            f" trait {trait} in the identity provider ({_text(_at(connector, 'id')) or 'SSO'})."
        )


def _at(node: yaml.Node, *path: str) -> yaml.Node | None:
    """Return the node at these keys; None if it's missing or null."""
    for key in path:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        found = next((value for name, value in pairs if name.value == key), None)
        if found is None or found.tag == _NULL:
            return None
        node = found
    return node


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _strings(node: yaml.Node | None) -> Iterator[str]:
    """Yield the values of a trait. Teleport writes `[""]` for some empty ones."""
    values = node.value if isinstance(node, yaml.SequenceNode) else [node]
    yield from filter(None, map(_text, values))


def _with_values(
    mapping: yaml.Node | None, path: Sequence[str], values: Sequence[str]
) -> yaml.MappingNode:
    """Return a copy of the mapping with the list `values` at these keys."""
    pairs = [*mapping.value] if isinstance(mapping, yaml.MappingNode) else []
    key, *rest = path
    position = next((i for i, (name, _) in enumerate(pairs) if name.value == key), len(pairs))
    name, old = pairs[position] if position < len(pairs) else (_quoted(key), None)
    new = _with_values(old, rest, values) if rest else _list(values)
    pairs[position : position + 1] = [(name, new)]
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


def _list(values: Sequence[str]) -> yaml.SequenceNode:
    return yaml.SequenceNode(
        "tag:yaml.org,2002:seq", [_quoted(value) for value in values], flow_style=False
    )


def _quoted(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style='"')
