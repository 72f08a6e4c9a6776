"""Ids by name, for whatever the API knows by id only. Each kind is listed once at most, for as long as a lookup lives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.kinds import KINDS
from poseidon_nb.client.named import only_one
from poseidon_nb.client.resource import Resource
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.kinds import Kind

    Row = Mapping[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FINGERPRINT = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){15}", re.IGNORECASE)


def is_id(kind: str, word: int | str) -> bool:
    """Say whether a word is an id of this kind by its looks, so that there is no name to look up."""
    known = KINDS.get(kind)
    if known is None or known.named_by_id or isinstance(word, int):
        return True
    if kind == "projects" and word == "default":
        return True
    if known.numeric:
        return is_integer(word) or (kind == "keys" and _FINGERPRINT.fullmatch(word) is not None)
    # A snapshot of a droplet has a number, one of a volume a UUID.
    return _UUID.fullmatch(word) is not None or (kind == "snapshots" and is_integer(word))


def sent_as(kind: str, word: int | str) -> int | str:
    """Give an id as the API wants it: a number where its ids are numbers."""
    known = KINDS.get(kind)
    numeric = known is not None and known.numeric and isinstance(word, str) and is_integer(word)
    return int(word) if numeric else word


class Lookup:
    """Finds ids.

    Parameters
    ----------
    client : Client
        Of the account that the names are from.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rows: dict[str, Sequence[Row]] = {}

    def id_of(self, kind: str, word: int | str) -> int | str:
        """Give the id of the one thing with this name, or the word itself where it is an id.

        Parameters
        ----------
        kind : str
            A key of `KINDS`; of any other the word is the id.
        word : int or str

        Raises
        ------
        NoSuchName, AmbiguousName
            None, or several, have the name; the nearest names, or the ids, are given.
        """
        if is_id(kind, word):
            return sent_as(kind, word)
        known, name = KINDS[kind], str(word)
        rows = self._listed(kind)
        found = [row for row in rows if within(row, known.name) == name or str(within(row, known.id)) == name]
        if kind == "images":
            # A public image is told by its slug, which the API takes in the place of an id.
            found = found or [row for row in rows if row.get("slug") == name]
        things = [Resource({"id": within(row, known.id)}) for row in found]
        one = only_one(known.noun, name, things, lambda: self._names(kind))
        identifier: int | str = one["id"]
        return identifier

    def _listed(self, kind: str) -> Sequence[Row]:
        if kind not in self._rows:
            self._rows[kind] = self._list(kind)
        return self._rows[kind]

    def _list(self, kind: str) -> Sequence[Row]:
        if kind == "droplets":
            # The list of droplets leaves GPU droplets out unless asked twice.
            return [droplet.to_dict() for droplet in self._client.droplets.list()]
        rows: Sequence[Row] = self._client.call(KINDS[kind].operation)
        return rows

    def _names(self, kind: str) -> list[str]:
        known = KINDS[kind]
        names = [within(row, known.name) for row in self._listed(kind)]
        slugs = [row.get("slug") for row in self._listed(kind)] if kind == "images" else []
        return [name for name in (*names, *slugs) if isinstance(name, str) and name]


def within(row: Row, path: str) -> Any:
    """Give what a dotted path leads to in a row; None where it leads nowhere."""
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if hasattr(value, "get") else None
    return value


def names_of(kind: Kind, rows: Sequence[Row]) -> list[tuple[str, int | str]]:
    """Give the names in rows of a kind, each with its id, for completion."""
    pairs = [(within(row, kind.name), within(row, kind.id)) for row in rows]
    return [(str(name), identifier) for name, identifier in pairs if name and identifier is not None]
