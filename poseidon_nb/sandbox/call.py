"""A request as a service sees it, and the ways to read from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import pages
from poseidon_nb.sandbox.records import render
from poseidon_nb.sandbox.replies import Refusal, Reply, not_found
from poseidon_nb.sandbox.scopes import FORBIDDEN_TEXT, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.world import World

_ID_DIGITS_MOST = 18


@dataclass(slots=True)
class Call:
    """A request that was let in and belongs to an operation.

    Attributes
    ----------
    world : World
        The account.
    operation : str
        The operationId.
    base_url : str
        ``http://host:port``, for links.
    path : str
        The path as it was asked for.
    names : dict
        The values in the path, by parameter.
    query : dict
        The query's values; of one given twice the last.
    body : dict
        The JSON body; empty when none was sent.
    scopes : frozenset or None
        What the token may do; None is everything.
    headers : mapping
        The request's headers, with names in small letters.
    """

    world: World
    operation: str
    base_url: str
    path: str
    names: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """Give a number from the path; what is not one names nothing."""
        text = self.names[name]
        if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MOST):
            raise not_found()
        return int(text)

    def need(self, *scopes: str) -> None:
        """Refuse a token without these scopes."""
        if self.scopes is not None and not self.scopes.issuperset(scopes):
            raise Refusal(403, "forbidden", FORBIDDEN_TEXT)

    def rendered(self, kind: str, record: Record) -> bytes:
        """Give a record as JSON, without the fields that the token may not see."""
        if self.scopes is None:
            return record.rendered
        return render(visible(kind, record.shown, self.scopes))

    def one(self, key: str, record: Record, *, status: int = 200) -> Reply:
        """Give the reply that shows one object."""
        return Reply(status, b'{"%b":%b}' % (key.encode(), self.rendered(key, record)))

    def all(self, key: str, kind: str, records: Iterable[Record], *, status: int = 200) -> Reply:
        """Give the reply that shows a collection which is not cut into pages."""
        items = b",".join(self.rendered(kind, record) for record in records)
        return Reply(status, b'{"%b":[%b]}' % (key.encode(), items))

    def page(self, key: str, kind: str, records: Sequence[Record]) -> Reply:
        """Give the reply that shows one page of a collection."""
        number, per_page = pages.window(self)
        shown = records[(number - 1) * per_page : number * per_page]
        return Reply(200, pages.cut([self.rendered(kind, record) for record in shown], key, self, len(records)))
