"""What can be chosen for a new resource as rows: the API nests it several levels deep, in one object.

Each function takes the response and returns a row for each choice, with the fields that the tables in `tables.options` name.
What a response does not have is missing in its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Row = dict[str, Any]

_CENTS = 100


def database_rows(response: object) -> Iterator[Row]:
    """Return a row for each engine, version and number of nodes."""
    availability = _fields(_fields(response).get("version_availability"))
    for engine, offer in _fields(_fields(response).get("options")).items():
        known = {one.get("version"): one for one in _objects(availability.get(engine))}
        fields = _fields(offer)
        default = fields.get("default_version")
        for version in _items(fields.get("versions")):
            dates = known.get(version, {})
            is_default = dates.get("default") if default is None else version == default
            for layout in _objects(fields.get("layouts")):
                yield {**dates, "engine": engine, "version": version, "default": is_default, **layout} | {
                    "regions": fields.get("regions")
                }


def kubernetes_rows(response: object) -> Iterator[Row]:
    """Return a row for each version, with the regions and sizes that all versions have."""
    options = _fields(response)
    choices = {name: [one.get("slug") for one in _objects(options.get(name))] for name in ("regions", "sizes")}
    for version in _objects(options.get("versions")):
        yield {**version, **choices}


def registry_rows(response: object) -> Iterator[Row]:
    """Return a row for each subscription tier, with the regions that all tiers have."""
    options = _fields(response)
    for tier in _objects(options.get("subscription_tiers")):
        yield {
            **tier,
            "price_usd_month": _dollars(tier.get("monthly_price_in_cents")),
            "storage_overage_usd": _dollars(tier.get("storage_overage_price_in_cents")),
            "regions": options.get("available_regions"),
        }


#: What makes the rows of each table in `tables.options`.
OPTION_ROWS: Mapping[str, Callable[[object], Iterator[Row]]] = MappingProxyType(
    {
        "database_options": database_rows,
        "kubernetes_options": kubernetes_rows,
        "registry_options": registry_rows,
    }
)


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in _items(value) if isinstance(one, Mapping)]


def _dollars(cents: object) -> object:
    return cents / _CENTS if isinstance(cents, int | float) else cents
