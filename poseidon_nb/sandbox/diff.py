"""What changed in an account since its start, its last reset or a mark.

Stored objects are never changed, only replaced, so a mark is a copy of a few dicts, and objects that are still the same
are found by identity. Only fields that the API shows are compared.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import NoSuchName
from poseidon_nb.masking import mask_field
from poseidon_nb.sandbox import services
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.store import ObjectStore
from poseidon_nb.sandbox.world import STORE_NAMES
from poseidon_nb.text import close_matches, escape_unprintable, join_words, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import State

#: Stores that the API does not show: bills need what was deleted.
_HIDDEN = frozenset({"deleted"})
_MAX_VALUE = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One object that was created, changed or deleted.

    Attributes
    ----------
    change : str
        ``created``, ``changed`` or ``deleted``.
    kind : str
        The kind of the object, such as ``droplets`` or ``volume_snapshots``.
    id : int or str
        Its id.
    name : str
        Its name; empty if it has none.
    object : dict
        The object as the API shows it, or showed it before its deletion.
    fields : dict
        The fields that changed, each with its value before and after; None stands for a missing field.
    """

    change: str
    kind: str
    id: Any
    name: str
    object: dict[str, Any]
    fields: dict[str, tuple[Any, Any]]

    def __str__(self) -> str:
        name = f" {escape_unprintable(self.name)}" if self.name and self.name != str(self.id) else ""
        text = f"{self.change} {self.kind} {escape_unprintable(str(self.id))}{name}"
        if not self.fields:
            return text
        return f"{text}: {', '.join(self._field(field) for field in self.fields)}"

    def _field(self, name: str) -> str:
        before, after = (_short(mask_field(value, name, self.object, "(not shown)")) for value in self.fields[name])
        return f"{name} {before} -> {after}" if before and after else name

    def as_json(self) -> dict[str, Any]:
        """Return the change as ``/_sandbox/diff`` does."""
        row: dict[str, Any] = {"kind": self.kind, "id": self.id, "name": self.name}
        if self.change == "changed":
            row["fields"] = {name: {"from": old, "to": new} for name, (old, new) in self.fields.items()}
        else:
            row["object"] = self.object
        return row


class Diff(list[Change]):
    """The changes between two states of an account; empty, and so false, if there are none.

    ``print`` shows a line for each change.
    """

    @property
    def created(self) -> Diff:
        """The objects that were created."""
        return Diff(one for one in self if one.change == "created")

    @property
    def changed(self) -> Diff:
        """The objects that were changed."""
        return Diff(one for one in self if one.change == "changed")

    @property
    def deleted(self) -> Diff:
        """The objects that were deleted."""
        return Diff(one for one in self if one.change == "deleted")

    def of(self, kind: str) -> Diff:
        """Return the changes of one kind of object, such as ``droplets``.

        Raises
        ------
        NoSuchName
            The kind is unknown; an assertion that nothing of it was created would always hold.
        """
        known = {"account", *STORE_NAMES, *_declared_kinds(), *(one.kind for one in self)}
        if kind not in known:
            close = close_matches(kind, sorted(known))
            message = f"Unknown kind of object {kind!r}{suggestion(close) or '. Print the Diff to see its kinds.'}"
            raise NoSuchName(message, name=kind, nearest=close)
        return Diff(one for one in self if one.kind == kind)

    @property
    def names(self) -> list[str]:
        """The names of the objects; the id of an object without one."""
        return [one.name or str(one.id) for one in self]

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no changes"

    def __repr__(self) -> str:
        counts = Counter(f"{one.change} {one.kind}" for one in self)
        return f"<Diff: {join_words(f'{count} {name}' for name, count in counts.items()) or 'no changes'}>"

    def as_json(self) -> dict[str, Any]:
        """Return the changes as ``/_sandbox/diff`` does."""
        return {name: [one.as_json() for one in getattr(self, name)] for name in ("created", "changed", "deleted")}


def _declared_kinds() -> set[str]:
    """Return the kinds of all resources that the services declare."""
    modules = [module for name, module in sys.modules.items() if name.startswith(f"{services.__name__}.")]
    values = [value for module in modules for value in vars(module).values()]
    # Some are in tables.
    values += [inner for value in values if isinstance(value, dict) for inner in value.values()]
    return {value.kind for value in values if isinstance(value, Resource)}


def compare(before: State, after: State) -> Diff:
    """Return what changed between two states, in the order of kinds and ids."""
    stores = {**dict.fromkeys(STORE_NAMES), **before.collections, **after.collections}
    empty = ObjectStore()
    found = Diff()
    for kind in stores:
        if kind not in _HIDDEN:
            found += _compare_stores(kind, before.collections.get(kind, empty), after.collections.get(kind, empty))
    fields = _changed_fields(before.account, after.account)
    if fields:
        found.append(Change("changed", "account", after.account.get("uuid", ""), "", after.account.copy(), fields))
    return found


def _compare_stores(kind: str, before: ObjectStore, after: ObjectStore) -> Iterator[Change]:
    for key, record in after.items():
        old = before.get(key)
        if old is record:
            continue
        if old is None:
            yield _change("created", kind, key, record)
        else:
            fields = _changed_fields(old.public, record.public)
            if fields:
                yield _change("changed", kind, key, record, fields)
    for key, record in before.items():
        if key not in after:
            yield _change("deleted", kind, key, record)


def _change(
    change: str, kind: str, key: Any, record: StoredObject, fields: dict[str, tuple[Any, Any]] | None = None
) -> Change:
    public = record.public
    name = public.get("name") or public.get("type" if kind == "actions" else "slug") or ""
    if not name and isinstance(public.get("spec"), dict):  # of an app
        name = public["spec"].get("name", "")
    return Change(change, kind, public.get("id", key), str(name), public, fields or {})


def _changed_fields(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (before.get(name), after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name) or (name in before) != (name in after)
    }


def _short(value: Any) -> str:
    """Return a value for a line of text; empty if it is too long for one."""
    if isinstance(value, dict):
        value = value.get("slug") or value.get("name") or value
    text = escape_unprintable(str(value)) if not isinstance(value, dict) else ""
    return text if len(text) <= _MAX_VALUE else ""
