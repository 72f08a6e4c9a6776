"""Find the operation of a request, with one trie of path segments per method."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from poseidon_nb.catalogue.operations import operation, rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.catalogue.operations import Operation

# An operationId, and the names of its path parameters with their segment positions.
_Leaf: TypeAlias = "tuple[str, tuple[tuple[str, int], ...]]"


class _Node:
    """A node of the trie: its literal children, the child for a parameter, and the operation that ends here."""

    __slots__ = ("leaf", "literals", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.leaf: _Leaf | None = None


def match(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """Find the operation of a request to ``api.digitalocean.com``, with the values of its path parameters.

    Parameters
    ----------
    method : str
        In upper case.
    path : str
        Still percent-encoded, without the query.

    Returns
    -------
    tuple or None
        The operation and its percent-decoded path parameters; None if the API has no such route.

    Notes
    -----
    A literal segment takes precedence over a parameter, from left to right, among routes of the same method. ``GET
    /v2/droplets/actions`` reads a droplet with the id ``actions``, because only POST has the literal path. A parameter
    is never empty. A trailing slash makes a different route, which does not exist.
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
    operation_id, positions = leaf
    # Decoded after the split, so that an encoded slash stays in its value.
    return operation(operation_id), {
        name: unquote(segments[index]) if "%" in segments[index] else segments[index] for name, index in positions
    }


def _walk(node: _Node, segments: Sequence[str], depth: int) -> _Leaf | None:
    if depth == len(segments):
        return node.leaf
    segment = segments[depth]
    child = node.literals.get(segment)
    if child is not None:
        found = _walk(child, segments, depth + 1)
        if found is not None:
            return found
    if node.parameter is not None and segment:
        return _walk(node.parameter, segments, depth + 1)
    return None


@cache
def _routes() -> tuple[Mapping[tuple[str, str], str], Mapping[str, _Node]]:
    """Return the routes without parameters, and a trie per method for all others."""
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
        positions = []
        for index, segment in enumerate(path.split("/")):
            if segment.startswith("{"):
                positions.append((segment[1:-1], index))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        node.leaf = operation_id, tuple(positions)
    return literal, tries
