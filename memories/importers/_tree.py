"""The branch that a person last saw, in a tree of messages whose links may be missing, broken or circular."""

from __future__ import annotations

from typing import Any

from memories.importers._time import parse_time

Nodes = dict[str, dict[str, Any]]


def nodes_of(mapping: object) -> Nodes:
    """Only the nodes that are objects."""
    if not isinstance(mapping, dict):
        return {}
    return {str(key): node for key, node in mapping.items() if isinstance(node, dict)}


def parents_of(nodes: Nodes) -> dict[str, str]:
    """Child to parent, from `parent` and, where that is missing, from `children`."""
    parents = {key: str(node["parent"]) for key, node in nodes.items() if node.get("parent") is not None}
    for key, node in nodes.items():
        children = node.get("children")
        for child in children if isinstance(children, list) else ():
            if isinstance(child, str | int):
                parents.setdefault(str(child), key)
    return parents


def branch(nodes: Nodes, current: object = None) -> list[dict[str, Any]]:
    """Nodes from the root to `current`, or to the newest leaf where that names none. Ends at a cycle."""
    parents = parents_of(nodes)
    at = str(current) if isinstance(current, str | int) and str(current) in nodes else _newest_leaf(nodes, parents)
    path: list[dict[str, Any]] = []
    seen: set[str] = set()
    while at is not None and at in nodes and at not in seen:
        seen.add(at)
        path.append(nodes[at])
        at = parents.get(at)
    return path[::-1]


def _newest_leaf(nodes: Nodes, parents: dict[str, str]) -> str | None:
    inner = set(parents.values())
    leaves = [key for key in nodes if key not in inner] or list(nodes)
    # Among leaves of one time the last in the file wins: that is how the vendors append.
    return max(enumerate(leaves), key=lambda pair: (_time(nodes[pair[1]]), pair[0]), default=(0, None))[1]


def _time(node: dict[str, Any]) -> float:
    message = node.get("message")
    values = message if isinstance(message, dict) else node
    moment = parse_time(values.get("create_time") or values.get("inserted_at") or values.get("created_at"))
    return moment.timestamp() if moment else 0.0
