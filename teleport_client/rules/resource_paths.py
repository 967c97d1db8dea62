"""The text form of a resource's ID: `/cluster/kind/name` or `/cluster/kind/name/sub-resource`.

Only resources of Kubernetes kinds have a sub-resource, which can contain slashes
(api/types/resource_ids.go).
"""

from teleport_client.model.access_request import ResourceId

_PARTS, _LEAST = 4, 3


def resource_path(resource: ResourceId) -> str:
    """Return the text form, which doesn't contain constraints."""
    parts = (resource.cluster, resource.kind, resource.name, resource.sub_resource)
    return "/" + "/".join(filter(None, parts))


def parse_resource_path(path: str) -> ResourceId:
    """Return the resource of a text form. Raises ValueError."""
    if not path.startswith("/"):
        raise ValueError(f"{path!r} doesn't start with a slash")
    parts = path[1:].rstrip("/").split("/", _PARTS - 1)
    if len(parts) < _LEAST or not all(parts):
        raise ValueError(f"{path!r} has no cluster, kind and name")
    cluster, kind, name, *sub_resource = parts
    return ResourceId(cluster, kind, name, "/".join(sub_resource))
