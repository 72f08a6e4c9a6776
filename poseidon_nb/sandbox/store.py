"""Records: one API object each, with its JSON internal rendered.

A record is never changed, only replaced. So the state of a whole account can be copied by copying a few dicts, and the
bytes of a record stay right for as long as the record exists. Regions, sizes and images, which fill most of a
droplet's JSON, are `SharedObject`: thousands of records hold the same object and the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def to_json(value: Any) -> bytes:
    """Give a JSON value as bytes, pure ASCII, without spaces."""
    return _encode(value).encode("ascii")


class SharedObject(dict[str, Any]):
    """A JSON object inside many records: rendered once, never changed.

    Attributes
    ----------
    source : tuple of str or None
        Where the sandbox's own figures have it, as ``("sizes", "s-1vcpu-1gb")``; a saved state refers to it by this.
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
        What the API shows. Read it, never change it.
    internal : dict
        What only the sandbox knows, such as a droplet's true power while its status lags. JSON values only.
    """

    __slots__ = ("_json", "internal", "public")

    def __init__(self, public: dict[str, Any], internal: dict[str, Any] | None = None) -> None:
        self.public = public
        self.internal = internal if internal is not None else {}
        self._json: bytes | None = None

    @property
    def json(self) -> bytes:
        """What the API shows, as JSON."""
        if self._json is None:
            self._json = self.public.json if type(self.public) is SharedObject else _splice(self.public)
        return self._json

    def __getitem__(self, field: str) -> Any:
        return self.public[field]

    def with_public(self, **changes: Any) -> StoredObject:
        """Give a record with some public fields changed."""
        return StoredObject({**self.public, **changes}, self.internal)

    def with_internal(self, **changes: Any) -> StoredObject:
        """Give a record with some hidden facts changed."""
        return StoredObject(self.public, {**self.internal, **changes})


def _splice(value: dict[str, Any]) -> bytes:
    # The shared objects are nine tenths of a droplet: their bytes are put behind the few fields that are its own.
    shared = [(name, inner.json) for name, inner in value.items() if type(inner) is SharedObject]
    own = to_json(
        {name: inner for name, inner in value.items() if type(inner) is not SharedObject} if shared else value
    )
    if not shared:
        return own
    tail = b",".join(b'"%b":%b' % (name.encode("ascii"), inner) for name, inner in shared)
    return own[:-1] + (b"," if len(own) > len(b"{}") else b"") + tail + b"}"


class ObjectStore:
    """Records by key, in the order they came; a copy is cheap because the records themselves never change."""

    __slots__ = ("_all", "_records")

    def __init__(self, records: dict[Any, StoredObject] | None = None) -> None:
        self._records: dict[Any, StoredObject] = records if records is not None else {}
        self._all: list[StoredObject] | None = None

    def get(self, key: Any) -> StoredObject | None:
        """Give a record, or None."""
        return self._records.get(key)

    def __getitem__(self, key: Any) -> StoredObject:
        return self._records[key]

    def put(self, key: Any, record: StoredObject) -> None:
        """Add a record at the end, or put it in the place of the one that has its key."""
        self._records[key] = record
        self._all = None

    def remove(self, key: Any) -> None:
        """Forget a record; it may be gone already."""
        if self._records.pop(key, None) is not None:
            self._all = None

    def all(self) -> list[StoredObject]:
        """Give all records in order. The list is internal: do not change it."""
        if self._all is None:
            self._all = [*self._records.values()]
        return self._all

    def items(self) -> Iterator[tuple[Any, StoredObject]]:
        """Give the keys with their records."""
        return iter(self._records.items())

    def copy(self) -> ObjectStore:
        """Give a collection of the same records."""
        return ObjectStore(self._records.copy())

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __len__(self) -> int:
        return len(self._records)
