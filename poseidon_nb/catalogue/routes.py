"""Which operation a request asks for: a trie of path segments, one for each method."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from poseidon_nb.catalogue.lookup import operation, rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.catalogue.operation import Operation

# An operation's id, and its path parameters' names with the places of their segments.
_Leaf: TypeAlias = "tuple[str, tuple[tuple[str, int], ...]]"


class _Node:
    """A place in the trie: what may follow, literally or as any value, and the operation that ends here."""

    __slots__ = ("any_value", "leaf", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.any_value: _Node | None = None
        self.leaf: _Leaf | None = None


def match(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Give the operation that this request to ``api.digitalocean.com`` asks for, with the values in its path.

    Parameters
    ----------
    method : str
        In capitals, as it stands in a request.
    path : str
        As sent: still percent-encoded, without the query.

    Returns
    -------
    tuple or None
        The operation, and its path parameters percent-decoded; None where the API has no such route.

    Notes
    -----
    A literal segment wins over a parameter from left to right, among the routes of the same method: ``GET
    /v2/droplets/actions`` asks for a droplet with the id ``actions``, because only POST knows the literal path. A
    parameter is never empty, and a slash at the end makes another route, which does not exist.
    """
    literal, tries = _routes()
    direct = literal.get((method, path))
    if direct is not None:
        return operation(direct), {}
    root = tries.get(method)
    if root is None:
        return None
    segments = path.split("/")
    leaf = _walk(root, segments, 0)
    if leaf is None:
        return None
    operation_id, places = leaf
    # Decoded after the split, so that an encoded slash stays inside its value.
    return operation(operation_id), {
        name: unquote(segments[place]) if "%" in segments[place] else segments[place] for name, place in places
    }


def _walk(node: _Node, segments: Sequence[str], depth: int) -> _Leaf | None:
    if depth == len(segments):
        return node.leaf
    segment = segments[depth]
    following = node.literals.get(segment)
    if following is not None:
        found = _walk(following, segments, depth + 1)
        if found is not None:
            return found
    if node.any_value is not None and segment:
        return _walk(node.any_value, segments, depth + 1)
    return None


@cache
def _routes() -> tuple[Mapping[tuple[str, str], str], Mapping[str, _Node]]:
    """Give the routes without parameters as they are, and all others as a trie for each method."""
    literal: dict[tuple[str, str], str] = {}
    tries: dict[str, _Node] = {}
    for operation_id, row in rows().items():
        if "server" in row:  # on another host than api.digitalocean.com
            continue
        method, path = row["method"], row["path"]
        if "{" not in path:
            literal[method, path] = operation_id
            continue
        node = tries.setdefault(method, _Node())
        places = []
        for place, segment in enumerate(path.split("/")):
            if segment.startswith("{"):
                places.append((segment[1:-1], place))
                node.any_value = node.any_value or _Node()
                node = node.any_value
            else:
                node = node.literals.setdefault(segment, _Node())
        node.leaf = operation_id, tuple(places)
    return literal, tries
