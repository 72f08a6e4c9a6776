"""What can be chosen for a new resource as rows: the API nests it several levels deep, in one object.

Each function takes the response and returns a row for each choice, with the fields that the tables in `tables.options` name.
An object or list of another type than the specification's is reported as a value of a cell is, and has no rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.frames.tolerance import UnreadValues

    Row = dict[str, Any]

_CENTS = 100


class _Reader:
    """Reads the objects and lists of a response by their paths.

    Parameters
    ----------
    unread : UnreadValues or None
        Where those of another type are reported; without it they raise `ShapeError`.
    """

    def __init__(self, unread: UnreadValues | None) -> None:
        self._unread = unread

    def fields(self, holder: Mapping[str, Any], name: str, path: str = "") -> Mapping[str, Any]:
        """Return an object in an object."""
        found: Mapping[str, Any] = self._checked(holder.get(name), f"{path}{name}", Mapping, {})
        return found

    def items(self, holder: Mapping[str, Any], name: str, path: str = "") -> list[Any]:
        """Return a list in an object."""
        found: list[Any] = self._checked(holder.get(name), f"{path}{name}", list, [])
        return found

    def objects(self, holder: Mapping[str, Any], name: str, path: str = "") -> list[Mapping[str, Any]]:
        """Return the objects of a list in an object."""
        listed = self.items(holder, name, path)
        return [row for one in listed if (row := self._checked(one, f"{path}{name}", Mapping, None)) is not None]

    def _checked(self, value: object, path: str, wanted: type, default: Any) -> Any:
        if isinstance(value, wanted):
            return value
        expected = "a list" if wanted is list else "an object"
        if self._unread is None:
            raise ShapeError(f"Unexpected type of field {path!r}. Expected {expected}.")
        self._unread.add(path, value, f"expected {expected}")
        return default


def database_rows(response: Mapping[str, Any], reader: _Reader) -> Iterator[Row]:
    """Return a row for each engine, version and number of nodes."""
    has_dates = response.get("version_availability") is not None
    availability = reader.fields(response, "version_availability") if has_dates else {}
    engines = reader.fields(response, "options")
    for engine in engines:
        offer, path = reader.fields(engines, engine, "options."), f"options.{engine}."
        dates = reader.objects(availability, engine, "version_availability.") if engine in availability else []
        known = {str(one.get("version")): one for one in dates}
        default = offer.get("default_version")
        layouts = reader.objects(offer, "layouts", path) if offer else []
        for version in reader.items(offer, "versions", path) if offer else ():
            its_dates = known.get(str(version), {})
            is_default = its_dates.get("default") if default is None else version == default
            for layout in layouts:
                yield {**its_dates, "engine": engine, "version": version, "default": is_default, **layout} | {
                    "regions": offer.get("regions")
                }


def kubernetes_rows(response: Mapping[str, Any], reader: _Reader) -> Iterator[Row]:
    """Return a row for each version, with the regions and sizes that all versions have."""
    choices = {name: [one.get("slug") for one in reader.objects(response, name)] for name in ("regions", "sizes")}
    for version in reader.objects(response, "versions"):
        yield {**version, **choices}


def registry_rows(response: Mapping[str, Any], reader: _Reader) -> Iterator[Row]:
    """Return a row for each subscription tier, with the regions that all tiers have."""
    for tier in reader.objects(response, "subscription_tiers"):
        yield {
            **tier,
            "price_usd_month": _dollars(tier.get("monthly_price_in_cents")),
            "storage_overage_usd": _dollars(tier.get("storage_overage_price_in_cents")),
            "regions": response.get("available_regions"),
        }


def option_rows(resource: str, responses: list[Any], unread: UnreadValues | None) -> list[Row]:
    """Return the rows of a table in `tables.options`.

    Parameters
    ----------
    resource : str
        A key of `OPTION_ROWS`.
    responses : list
        The value of the response's key, in a list.
    unread : UnreadValues or None
        Where objects and lists of another type are reported; without it they raise.
    """
    reader = _Reader(unread)
    answers = reader.objects({"options": responses}, "options")
    return [row for answer in answers for row in OPTION_ROWS[resource](answer, reader)]


#: What makes the rows of each table in `tables.options`.
OPTION_ROWS: Mapping[str, Callable[[Mapping[str, Any], _Reader], Iterator[Row]]] = MappingProxyType(
    {
        "database_options": database_rows,
        "kubernetes_options": kubernetes_rows,
        "registry_options": registry_rows,
    }
)


def _dollars(cents: object) -> object:
    return cents / _CENTS if isinstance(cents, int | float) and not isinstance(cents, bool) else cents
