"""Records: one API object each, with its JSON kept rendered.

A record is never changed, only replaced. So the state of a whole account can be copied by copying a few dicts, and the
bytes of a record stay right for as long as the record exists. Regions, sizes and images, which fill most of a
droplet's JSON, are `Shared`: thousands of records hold the same object and the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def render(value: Any) -> bytes:
    """Give a JSON value as bytes, pure ASCII, without spaces."""
    return _encode(value).encode("ascii")


class Shared(dict[str, Any]):
    """A JSON object inside many records: rendered once, never changed.

    Attributes
    ----------
    source : tuple of str or None
        Where the sandbox's own figures have it, as ``("sizes", "s-1vcpu-1gb")``; a saved state refers to it by this.
    """

    __slots__ = ("_rendered", "source")

    def __init__(self, value: Mapping[str, Any], source: tuple[str, str] | None = None) -> None:
        super().__init__(value)
        self.source = source
        self._rendered: bytes | None = None

    @property
    def rendered(self) -> bytes:
        """The object as JSON."""
        if self._rendered is None:
            self._rendered = render(self)
        return self._rendered


class Record:
    """One object of the account.

    Attributes
    ----------
    shown : dict
        What the API shows. Read it, never change it.
    kept : dict
        What only the sandbox knows, such as a droplet's true power while its status lags. JSON values only.
    """

    __slots__ = ("_rendered", "kept", "shown")

    def __init__(self, shown: dict[str, Any], kept: dict[str, Any] | None = None) -> None:
        self.shown = shown
        self.kept = kept if kept is not None else {}
        self._rendered: bytes | None = None

    @property
    def rendered(self) -> bytes:
        """What the API shows, as JSON."""
        if self._rendered is None:
            self._rendered = self.shown.rendered if type(self.shown) is Shared else _spliced(self.shown)
        return self._rendered

    def __getitem__(self, field: str) -> Any:
        return self.shown[field]

    def showing(self, **changes: Any) -> Record:
        """Give a record with some shown fields changed."""
        return Record({**self.shown, **changes}, self.kept)

    def keeping(self, **changes: Any) -> Record:
        """Give a record with some hidden facts changed."""
        return Record(self.shown, {**self.kept, **changes})


def _spliced(value: dict[str, Any]) -> bytes:
    # The shared objects are nine tenths of a droplet: their bytes are put behind the few fields that are its own.
    shared = [(name, inner.rendered) for name, inner in value.items() if type(inner) is Shared]
    own = render({name: inner for name, inner in value.items() if type(inner) is not Shared} if shared else value)
    if not shared:
        return own
    tail = b",".join(b'"%b":%b' % (name.encode("ascii"), inner) for name, inner in shared)
    return own[:-1] + (b"," if len(own) > len(b"{}") else b"") + tail + b"}"


class Collection:
    """Records by key, in the order they came; a copy is cheap because the records themselves never change."""

    __slots__ = ("_listed", "_records")

    def __init__(self, records: dict[Any, Record] | None = None) -> None:
        self._records: dict[Any, Record] = records if records is not None else {}
        self._listed: list[Record] | None = None

    def get(self, key: Any) -> Record | None:
        """Give a record, or None."""
        return self._records.get(key)

    def __getitem__(self, key: Any) -> Record:
        return self._records[key]

    def put(self, key: Any, record: Record) -> None:
        """Add a record at the end, or put it in the place of the one that has its key."""
        self._records[key] = record
        self._listed = None

    def remove(self, key: Any) -> None:
        """Forget a record; it may be gone already."""
        if self._records.pop(key, None) is not None:
            self._listed = None

    def listed(self) -> list[Record]:
        """Give all records in order. The list is kept: do not change it."""
        if self._listed is None:
            self._listed = [*self._records.values()]
        return self._listed

    def items(self) -> Iterator[tuple[Any, Record]]:
        """Give the keys with their records."""
        return iter(self._records.items())

    def copied(self) -> Collection:
        """Give a collection of the same records."""
        return Collection(self._records.copy())

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __len__(self) -> int:
        return len(self._records)
