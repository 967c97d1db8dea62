"""Typed resources: `node/staging-db`, `db/orders`, `leaf-a/node/db-1`, `pod/prod/default/web-1`.

Only a word with a kind of resource before a slash is a resource, so a role such as `team/dev` still
is a role.
"""

import re
from dataclasses import dataclass

from workspace.requests.user_error import UserError
from workspace.text.untrusted import safe_name

KUBERNETES_OBJECTS = frozenset(
    {"pod", "secret", "configmap", "namespace", "service", "serviceaccount", "kube_node"}
    | {"persistentvolume", "persistentvolumeclaim", "deployment", "replicaset", "statefulset"}
    | {"daemonset", "clusterrole", "kube_role", "clusterrolebinding", "rolebinding", "cronjob"}
    | {"job", "certificatesigningrequest", "ingress"}
)
"""Kinds inside a Kubernetes cluster, which their names begin with (api/types/constants.go)."""
KINDS = KUBERNETES_OBJECTS | {"node", "db", "app", "kube_cluster", "windows_desktop", "user_group"}
_ALIASES = {
    "server": "node",
    "host": "node",
    "database": "db",
    "kube": "kube_cluster",
    "desktop": "windows_desktop",
}
_SLASHES = re.compile(r"/+")
_NAME = re.compile(r"[\w.:@*+=~$-]+")
"""Without spaces and commas, so that a name can't look like several ones on a card."""
_MOST_PARTS = 3
"""Of the name of an object in a Kubernetes cluster: cluster, namespace and object."""


@dataclass(frozen=True, slots=True)
class TypedResource:
    kind: str
    name: str
    sub_resource: str = ""
    cluster: str = ""
    """Empty for the bot's own cluster."""


def parse_resource(text: str) -> TypedResource | None:
    """Return the resource that a word names, None if it names none.

    Raises UserError for a name that no resource can have.
    """
    parts = _SLASHES.split(text.strip("/"))
    for at in (0, 1):
        if at < len(parts) and (kind := _kind(parts[at])):
            return _resource(kind, parts[at + 1 :], cluster=parts[0] if at else "")
    return None


def is_name(text: str) -> bool:
    """Return whether a resource can have this name."""
    return _NAME.fullmatch(text) is not None


def _kind(word: str) -> str:
    plain = word.lower()
    kind = _ALIASES.get(plain, plain)
    return kind if kind in KINDS else ""


def _resource(kind: str, names: list[str], *, cluster: str) -> TypedResource | None:
    if not names or not all(names):
        return None
    if not all(map(_NAME.fullmatch, (cluster or "-", *names))):
        raise _error(f"“{safe_name('/'.join(names))}” isn't the name of a resource.")
    name, *rest = names
    if kind in KUBERNETES_OBJECTS:
        if not 1 < len(names) <= _MOST_PARTS:
            raise _error(f"Write {kind}/<kubernetes cluster>/<namespace>/<name>.")
        return TypedResource(kind, name, "/".join(rest), cluster)
    if rest:
        raise _error(f"“{safe_name('/'.join(names))}” has too many parts. Write {kind}/<name>.")
    return TypedResource(kind, name, cluster=cluster)


def _error(sentence: str) -> UserError:
    return UserError(f"{sentence} Nothing was requested.", reason="bad_resource")
