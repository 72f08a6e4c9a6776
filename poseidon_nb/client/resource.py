"""Objects of the API, and lists of them.

Known fields are attributes that completion and type checkers see; every other field is an item.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

from poseidon_nb.catalogue import operation
from poseidon_nb.client.connection import check_query
from poseidon_nb.client.reading import current_read_options, read_whole, unread_values, warn
from poseidon_nb.errors import ShapeError
from poseidon_nb.masked_data import MaskedDict
from poseidon_nb.masking import MASK, mask, mask_in_text
from poseidon_nb.text import escape_unprintable, format_usd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Never, NoReturn, Self

    import pandas as pd

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.pagination import ListTotals

T = TypeVar("T")
R = TypeVar("R", bound="Resource")


class HidesInternals:
    """Leaves names out of completion that are public only for other modules of this package."""

    _internal: ClassVar[frozenset[str]] = frozenset()

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in self._internal]


class Field(Generic[T]):
    """A known field of the API, read from the object's data; None if it is absent."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Resource, owner: type) -> T: ...
    def __get__(self, instance: Resource | None, owner: type) -> Self | T:
        """Return the value as the API sent it."""
        return self if instance is None else self._value(instance)

    def __set__(self, instance: Resource, value: Never) -> NoReturn:
        """Raise an error, because assigning would not change the account."""
        raise AttributeError(f"{self._name} is read-only. Change it with a method such as rename or update.")

    def _value(self, instance: Resource) -> T:
        value: Any = instance.get(self._name)
        return value  # type: ignore[no-any-return]  # JSON has no types to check against


class TimeField(Field["datetime | None"]):
    """A field that holds a time, as an aware datetime in UTC; None with a warning if it has no zone or is no time."""

    def _value(self, instance: Resource) -> datetime | None:
        text = instance.get(self._name)
        if not text:
            return None
        try:
            time = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            time = None
        if time is None or time.tzinfo is None:
            warn(f"Field {self._name} of {type(instance).__name__} is not a time with a zone: {mask(text)!r}.")
            return None
        return time.astimezone(UTC)


class Resource(HidesInternals):
    """One object of the API.

    Known fields are attributes. Every field, also one that this version does not know, is an item:
    ``droplet["networking_throughput"]``.

    Parameters
    ----------
    data : mapping
        The object as the API sent it.
    """

    #: The field that identifies the object.
    _identity = "id"
    #: Properties that are derived from the data alone, so that ``{droplet.ip_address}`` in a `%do` line can read them.
    computed_fields: ClassVar[tuple[str, ...]] = ()
    _internal = frozenset({"assign", "computed_fields"})

    def __init__(self, data: Mapping[str, Any]) -> None:
        if not isinstance(data, Mapping):
            found = "null" if data is None else type(data).__name__
            raise ShapeError(f"Expected an object for {type(self).__name__}, but the API sent {found}.")
        self._data = dict(data)

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def keys(self) -> list[str]:
        """Return the names of the fields that the API sent. Together with `__getitem__`, ``dict(droplet)`` works."""
        return list(self._data)

    def get(self, name: str, default: object = None) -> Any:
        """Return a field, or a default if the API did not send it."""
        return self._data.get(name, default)

    def to_dict(self) -> dict[str, Any]:
        """Return a copy of the object's data, without values that could not be read; secrets are masked in its repr."""
        return MaskedDict(self._data)

    def assign(self, data: Mapping[str, Any]) -> None:
        """Replace the object's data in place."""
        self._data = dict(data)

    def _ipython_key_completions_(self) -> list[str]:
        return self.keys()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.get(self._identity) == self.get(self._identity)

    def __hash__(self) -> int:
        return hash((type(self), self.get(self._identity)))

    def __repr__(self) -> str:
        words = " ".join(str(word) for word in self._summary() if word is not None and word != "")
        return f"<{type(self).__name__} {escape_unprintable(mask_in_text(words, MASK))}>"

    def _summary(self) -> tuple[object, ...]:
        return (self.get(self._identity),)


class Region(Resource):
    """A datacenter region."""

    _identity = "slug"
    slug = Field[str]()
    name = Field[str]()
    available = Field[bool]()
    features = Field[list[str]]()
    sizes = Field[list[str]]()

    def _summary(self) -> tuple[object, ...]:
        return (self.slug, self.name, "(closed)" if self.available is False else "")


class Size(Resource):
    """A droplet size (plan), with its price in USD."""

    _identity = "slug"
    slug = Field[str]()
    description = Field[str]()
    memory = Field[int]()
    vcpus = Field[int]()
    disk = Field[int]()
    transfer = Field[float]()
    price_monthly = Field[float]()
    price_hourly = Field[float]()
    regions = Field[list[str]]()
    available = Field[bool]()

    def _summary(self) -> tuple[object, ...]:
        facts = [("vcpus", "{} vCPU"), ("memory", "{} MiB"), ("disk", "{} GB")]
        price = self.get("price_monthly")
        known = [text.format(self[name]) for name, text in facts if self.get(name) is not None]
        return (self.slug, *known, *([f"{format_usd(price)} a month"] if price is not None else []))


class Kernel(Resource):
    """A kernel for droplets that were created before March 2017."""

    id = Field[int]()
    name = Field[str]()
    version = Field[str]()

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.name, self.version)


class Account(Resource):
    """The account's owner and limits."""

    _identity = "uuid"
    uuid = Field[str]()
    email = Field[str]()
    status = Field[str]()
    droplet_limit = Field[int]()

    def _summary(self) -> tuple[object, ...]:
        limit = self.get("droplet_limit")
        return (self.email, self.status, "" if limit is None else f"up to {limit} droplets")


class ResourceCollection(HidesInternals, Generic[R]):
    """All objects of one type in the account.

    Parameters
    ----------
    connection : Connection
    resource : str
        Name of their table in `poseidon_nb.frames.schemas`.
    operation_id : str
        The list operation.
    make : callable
        Creates an object from a row.
    """

    def __init__(
        self, connection: Connection, resource: str, operation_id: str, make: Callable[[Mapping[str, Any]], R]
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._list_operation = operation_id
        self._make = make

    def __repr__(self) -> str:
        verbs = [name for name in dir(self) if not name.startswith("_") and callable(getattr(self, name))]
        return f"<{self._resource} of {self._connection.session.base_url}: {', '.join(verbs)}>"

    def list(self, **filters: Any) -> list[R]:
        """List all objects, from all pages.

        Parameters
        ----------
        **filters : object
            Query parameters of the list operation.

        Returns
        -------
        list

        Raises
        ------
        InvalidArgument
            A query parameter is unknown.
        """
        query = self._check_query(filters)
        return [self._make(row) for row in self._connection.rows(self._list_operation, query=query)]

    def frame(self, **filters: Any) -> pd.DataFrame:
        """Return all objects as a DataFrame, decoded directly from bytes to columns.

        Parameters
        ----------
        **filters : object
            Query parameters of the list operation.

        Returns
        -------
        pandas.DataFrame
            One row for each object; columns as in the resource's table in `poseidon_nb.frames.schemas`.
        """
        query = self._check_query(filters)
        return self._frame_of(self._list_operation, query=query)

    def _check_query(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        return check_query(operation(self._list_operation), filters)

    def _frame_of(self, operation_id: str, **parts: Any) -> pd.DataFrame:
        """Return the frame of a list operation."""

        def bodies(totals: ListTotals) -> Iterator[bytes]:
            return (page.body for page in self._connection.pages(operation_id, totals=totals, **parts))

        return self._frame_from(bodies)

    def _frame_from(self, bodies: Callable[[ListTotals], Iterator[bytes]]) -> pd.DataFrame:
        from poseidon_nb.frames.builders import frame_from_pages  # noqa: PLC0415  # pandas comes at first use

        key = operation(self._list_operation).response_key
        with unread_values(self._resource, strict=self._connection.strict) as unread:

            def read(totals: ListTotals) -> pd.DataFrame:
                if unread is not None:
                    unread.clear()
                reveal = current_read_options().reveal
                return frame_from_pages(self._resource, bodies(totals), key=key, unread=unread, reveal=reveal)

            return read_whole(
                self._resource, read, lambda frame: len(frame) + (0 if unread is None else unread.omitted_rows)
            )
