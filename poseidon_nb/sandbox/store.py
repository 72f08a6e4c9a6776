"""Stored objects with their JSON cached, and the stores that hold them.

A stored object is never changed, only replaced. So copying the state of an account means copying a few dicts, and an
object's cached JSON stays valid. Regions, sizes and images make up most of a droplet's JSON. They are `SharedObject`:
thousands of droplets share one object and its bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def to_json(value: Any) -> bytes:
    """Encode a value as compact ASCII JSON."""
    return _encode(value).encode("ascii")


class SharedObject(dict[str, Any]):
    """A JSON object inside many stored objects, encoded once and never changed.

    Attributes
    ----------
    source : tuple of str or None
        Its place in the reference data, for example ``("sizes", "s-1vcpu-1gb")``. A saved state refers to it by this.
    """

    __slots__ = ("_json", "source")

    def __init__(self, value: Mapping[str, Any], source: tuple[str, str] | None = None) -> None:
        super().__init__(value)
        self.source = source
        self._json: bytes | None = None

    @property
    def json(self) -> bytes:
        """The object as JSON."""
        if self._json is None:
            self._json = to_json(self)
        return self._json


class StoredObject:
    """One object of the account.

    Attributes
    ----------
    public : dict
        The fields that the API returns. Never change them in place.
    internal : dict
        Data that only the sandbox knows, such as a droplet's true power while its status lags. JSON values only.
    saved : bytes or None
        Both in the format of a saved state, once it was saved.
    """

    __slots__ = ("_json", "internal", "public", "saved")

    def __init__(self, public: dict[str, Any], internal: dict[str, Any] | None = None) -> None:
        self.public = public
        self.internal = internal if internal is not None else {}
        self.saved: bytes | None = None
        self._json: bytes | None = None

    @property
    def json(self) -> bytes:
        """The public fields as JSON."""
        if self._json is None:
            self._json = self.public.json if type(self.public) is SharedObject else _splice(self.public)
        return self._json

    def __getitem__(self, field: str) -> Any:
        return self.public[field]

    def with_public(self, **changes: Any) -> StoredObject:
        """Return a copy with some public fields changed."""
        return StoredObject({**self.public, **changes}, self.internal)

    def without(self, *names: str) -> StoredObject:
        """Return a copy that lacks some public fields."""
        public = {name: value for name, value in self.public.items() if name not in names}
        return StoredObject(public, self.internal)

    def with_internal(self, **changes: Any) -> StoredObject:
        """Return a copy with some internal fields changed."""
        return StoredObject(self.public, {**self.internal, **changes})


def _splice(value: dict[str, Any]) -> bytes:
    # Shared objects make up nine tenths of a droplet. Their bytes are appended to its own few fields.
    shared = [(name, inner.json) for name, inner in value.items() if type(inner) is SharedObject]
    own = to_json(
        {name: inner for name, inner in value.items() if type(inner) is not SharedObject} if shared else value
    )
    if not shared:
        return own
    tail = b",".join(b'"%b":%b' % (name.encode("ascii"), inner) for name, inner in shared)
    return own[:-1] + (b"," if len(own) > len(b"{}") else b"") + tail + b"}"


class ObjectStore:
    """Stored objects by key, in insertion order. A copy is cheap because the objects never change."""

    __slots__ = ("_all", "_records")

    def __init__(self, records: dict[Any, StoredObject] | None = None) -> None:
        self._records: dict[Any, StoredObject] = records if records is not None else {}
        self._all: list[StoredObject] | None = None

    def get(self, key: Any) -> StoredObject | None:
        """Return an object, or None."""
        return self._records.get(key)

    def __getitem__(self, key: Any) -> StoredObject:
        return self._records[key]

    def put(self, key: Any, record: StoredObject) -> None:
        """Add an object at the end, or replace the one with the same key."""
        self._records[key] = record
        self._all = None

    def remove(self, key: Any) -> None:
        """Remove an object, if it exists."""
        if self._records.pop(key, None) is not None:
            self._all = None

    def all(self) -> list[StoredObject]:
        """Return all objects in order. The list is cached: do not change it."""
        if self._all is None:
            self._all = [*self._records.values()]
        return self._all

    def items(self) -> Iterator[tuple[Any, StoredObject]]:
        """Return the keys with their objects."""
        return iter(self._records.items())

    def copy(self) -> ObjectStore:
        """Return a copy with the same objects."""
        return ObjectStore(self._records.copy())

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __len__(self) -> int:
        return len(self._records)
