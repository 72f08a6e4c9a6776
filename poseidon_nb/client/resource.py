"""Objects of the API as Python sees them: attributes that completion and type checkers know, and every other field too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from poseidon_nb.errors import ShapeError
from poseidon_nb.text import format_usd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Never, NoReturn, Self

T = TypeVar("T")


class Field(Generic[T]):
    """A field that the API is known to send, read from the object's data; None while it is absent."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Resource, owner: type) -> T: ...
    def __get__(self, instance: Resource | None, owner: type) -> Self | T:
        """Give the value as the API sent it."""
        return self if instance is None else self._value(instance)

    def __set__(self, instance: Resource, value: Never) -> NoReturn:
        """Refuse: a change of the object would change nothing in the account."""
        raise AttributeError(f"{self._name} is what the API sent; change it with a verb, such as rename or update")

    def _value(self, instance: Resource) -> T:
        value: Any = instance.get(self._name)
        return value  # type: ignore[no-any-return]  # JSON has no types to check against


class TimeField(Field["datetime | None"]):
    """A time, as an aware datetime in UTC."""

    def _value(self, instance: Resource) -> datetime | None:
        text = instance.get(self._name)
        try:
            return datetime.fromisoformat(text).astimezone(UTC) if text else None
        except (TypeError, ValueError):
            raise ShapeError(f"{self._name} of {type(instance).__name__} is no time: {text!r}") from None


class Resource:
    """One object of the API.

    Known fields are attributes; every field, also one that this version does not know, is an item:
    ``droplet["networking_throughput"]``.

    Parameters
    ----------
    data : mapping
        The object as the API sent it.
    """

    #: The field that names one among many.
    _identity = "id"

    def __init__(self, data: Mapping[str, Any]) -> None:
        if not isinstance(data, Mapping):
            raise ShapeError(f"the API sent {type(data).__name__} where a {type(self).__name__} should be")
        self._data = dict(data)

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def keys(self) -> list[str]:
        """Give the names of the fields that the API sent; with `__getitem__` this makes ``dict(droplet)`` work."""
        return list(self._data)

    def get(self, name: str, default: object = None) -> Any:
        """Give a field, or a default where the API sent none."""
        return self._data.get(name, default)

    def to_dict(self) -> dict[str, Any]:
        """Give the object as the API sent it, in a dict of its own."""
        return dict(self._data)

    def assign(self, data: Mapping[str, Any]) -> None:
        """Take in what was read of it, in place."""
        self._data = dict(data)

    def _ipython_key_completions_(self) -> list[str]:
        return self.keys()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.get(self._identity) == self.get(self._identity)

    def __hash__(self) -> int:
        return hash((type(self), self.get(self._identity)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {' '.join(str(word) for word in self._summary() if word not in {None, ''})}>"

    def _summary(self) -> tuple[object, ...]:
        return (self.get(self._identity),)


class Region(Resource):
    """A datacentre."""

    _identity = "slug"
    slug = Field[str]()
    name = Field[str]()
    available = Field[bool]()
    features = Field[list[str]]()
    sizes = Field[list[str]]()

    def _summary(self) -> tuple[object, ...]:
        return (self.slug, self.name, "(closed)" if self.available is False else "")


class Size(Resource):
    """A kind of droplet, with its price in USD."""

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
        told = [words.format(self[name]) for name, words in facts if self.get(name) is not None]
        return (self.slug, *told, *([f"{format_usd(price)} a month"] if price is not None else []))


class Snapshot(Resource):
    """A saved disk of a droplet or a volume."""

    id = Field["str | int"]()
    name = Field[str]()
    resource_id = Field["str | int"]()
    resource_type = Field[str]()
    regions = Field[list[str]]()
    min_disk_size = Field[int]()
    size_gigabytes = Field[float]()
    tags = Field["list[str] | None"]()
    created_at = TimeField()

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.name, "" if self.get("size_gigabytes") is None else f"{self.size_gigabytes:g} GB")


class Kernel(Resource):
    """What a droplet from before March 2017 boots."""

    id = Field[int]()
    name = Field[str]()
    version = Field[str]()

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.name, self.version)


class Tag(Resource):
    """A label on things."""

    _identity = "name"
    name = Field[str]()
    resources = Field[dict[str, Any]]()

    def _summary(self) -> tuple[object, ...]:
        return (self.name,)


class Account(Resource):
    """Whose account this is, and its limits."""

    _identity = "uuid"
    uuid = Field[str]()
    email = Field[str]()
    status = Field[str]()
    droplet_limit = Field[int]()

    def _summary(self) -> tuple[object, ...]:
        limit = self.get("droplet_limit")
        return (self.email, self.status, "" if limit is None else f"{limit} droplets at most")
