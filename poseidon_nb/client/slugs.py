"""Explaining which slug, name or id of a refused request is wrong, where the API only says that something is.

The lists of regions, sizes and images are read from the API when they are needed, so nothing is refused because this
version does not know it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match
from poseidon_nb.client.choices import check_choices
from poseidon_nb.client.lookup import (
    RESOURCE_TYPES,
    find_resource_type,
    path_resource_type,
    resource_type_of,
    value_at,
)
from poseidon_nb.client.statuses import not_ready, owner_status
from poseidon_nb.client.wording import noun_of
from poseidon_nb.errors import InvalidArgument, NotFound, PoseidonError
from poseidon_nb.text import capitalized, did_you_mean, escape_unprintable, is_integer, join_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.lookup import ResourceType
    from poseidon_nb.errors import APIError
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: Fields that hold a slug, by resource type.
_SLUG_FIELDS = {"regions": "region", "sizes": "size", "images": "image"}
#: Types whose names are their ids, and short enough to be misspelled.
_NAME_AS_ID = frozenset({"domains", "tags", "registries"})
#: Statuses of a response for what another state of a resource would allow.
NOT_READY = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
#: Types of which there may be thousands, too many to read for a suggestion.
_TOO_MANY = frozenset({"droplets", "images", "snapshots"})


class SlugChecker:
    """Checks slugs of sizes, regions and images against the API's lists, which are read when they are needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def explain(self, fields: Row) -> str:
        """Return a sentence about the first wrong slug among a request's fields, or ``""``.

        Reads the lists that it needs. If they cannot be read, the API's own message must do.
        """
        try:
            return self._explain_size(fields) or self._explain_region(fields) or self._explain_image(fields)
        except PoseidonError:
            return ""

    def fitting_sizes(self, droplet: Row) -> list[Row]:
        """Return the sizes that a droplet could be resized to, cheapest first."""
        return fitting_sizes(self._connection.rows("sizes_list"), [droplet])

    def check_resize(self, droplet: Row, size: str, *, disk: bool) -> None:
        """Check that a droplet can be resized to a size.

        Raises
        ------
        InvalidArgument
            It cannot; the closest size that it can have is suggested.
        """
        sizes = {str(row.get("slug")): row for row in self._connection.rows("sizes_list")}
        check_size(sizes, droplet, size, disk=disk)
        if size == droplet["size_slug"] and not (disk and sizes[size]["disk"] > droplet["disk"]):
            raise InvalidArgument(f"Droplet {droplet['name']} already has size {size}.")

    def _explain_size(self, fields: Row) -> str:
        size = fields.get("size")
        if size is None:
            return ""
        sizes = {str(row.get("slug")): row for row in self._connection.rows("sizes_list")}
        # A prefix such as "nyc" means any region of that area.
        region = str(fields.get("region") or "")
        available = [slug for slug, row in sizes.items() if _is_available(row, region)]
        if size not in sizes:
            where = f" in {region}" if region and available else ""
            # If the region does not exist, compare with all available sizes.
            known = available or [slug for slug, row in sizes.items() if _is_available(row)]
            return f"Unknown size {size!r}{where}{did_you_mean(str(size), known) or '.'}"
        if not sizes[size].get("available"):
            return f"Size {size} is not available{did_you_mean(str(size), available) or '.'}"
        if region and size not in available and self._knows_region(region):
            others = join_words(slug for slug in sizes[size].get("regions") or () if isinstance(slug, str))
            return f"Size {size} is not available in {region}{f', only in {others}' if others else ''}."
        return ""

    def _explain_region(self, fields: Row) -> str:
        region = fields.get("region")
        if not region or self._knows_region(str(region)):
            return ""
        slugs = [row["slug"] for row in self._connection.rows("regions_list")]
        return f"Unknown region {region!r}{did_you_mean(str(region), slugs) or '.'}"

    def _knows_region(self, region: str) -> bool:
        return any(row["slug"].startswith(region) for row in self._connection.rows("regions_list"))

    def _explain_image(self, fields: Row) -> str:
        image = fields.get("image")
        if image is None or isinstance(image, int) or is_integer(str(image)):
            return ""
        try:
            # Read by slug, because not every image with a slug is listed as a distribution.
            self._connection.one("images_get", path={"image_id": image})
        except NotFound:
            rows = self._connection.rows("images_list", query={"type": "distribution"})
            slugs = [row["slug"] for row in rows if row["slug"]]
            return f"Unknown image {image!r}{did_you_mean(str(image), slugs) or '.'}"
        return ""


def check_size(sizes: Mapping[str, Row], droplet: Row, size: str, *, disk: bool) -> None:
    """Check that a droplet can have a size. Sends nothing.

    Parameters
    ----------
    sizes : mapping
        All sizes, by slug.
    droplet : mapping
        As the API sends it.
    size : str
    disk : bool
        Whether its disk grows too.

    Raises
    ------
    InvalidArgument
        It cannot; the closest size that it can have is suggested.
    """
    region = (droplet.get("region") or {}).get("slug") or ""
    known = sizes.get(size)
    if known and known["available"] and region in known["regions"] and known["disk"] >= droplet["disk"]:
        return
    # Only for an error: plans check thousands of droplets.
    fitting = [slug for slug, row in sizes.items() if isinstance(slug, str) and _fits(row, droplet)]
    near = did_you_mean(size, fitting) or "."
    if size not in sizes:
        raise InvalidArgument(f"Unknown size {size!r}{near}")
    if not sizes[size]["available"]:
        raise InvalidArgument(f"Size {size} is not available{near}")
    if region not in sizes[size]["regions"]:
        raise InvalidArgument(f"Size {size} is not available in {region}{near}")
    rule = (
        "A disk cannot shrink."
        if disk
        else "The new size must include a disk at least this large, even if the disk is not resized."
    )
    raise InvalidArgument(
        f"Size {size} has a disk of {sizes[size]['disk']} GB, but droplet {droplet['name']} has {droplet['disk']} GB. {rule}"
    )


def fitting_sizes(sizes: Iterable[Row], droplets: Collection[Row]) -> list[Row]:
    """Return the sizes that all of these droplets could be resized to, cheapest first.

    They are available in the region of each droplet, and no droplet has a larger disk. A size that all droplets have
    already is left out. Without the region or disk of a droplet there are none.
    """
    regions = {(droplet.get("region") or {}).get("slug") for droplet in droplets}
    slugs = {droplet.get("size_slug") for droplet in droplets}
    disks = {droplet.get("disk") or 0 for droplet in droplets}
    if 0 in disks:
        return []
    disk = max(disks, default=0)
    fitting = [
        row
        for row in sizes
        if _is_available(row) and regions <= {*row["regions"]} and row["disk"] >= disk and slugs != {row["slug"]}
    ]
    return sorted(fitting, key=lambda row: (row["price_monthly"], row["slug"]))


def _fits(size: Row, droplet: Row) -> bool:
    region = (droplet.get("region") or {}).get("slug") or ""
    return _is_available(size, region) and (size.get("disk") or 0) >= (droplet.get("disk") or 0)


def _is_available(size: Row, region: str = "") -> bool:
    """Return whether a size is available anywhere, or in a region or an area such as ``"nyc"``."""
    return bool(size.get("available")) and any(str(slug).startswith(region) for slug in size.get("regions") or ())


def explain_refusal(connection: Connection, request: Request, refusal: APIError) -> str:
    """Return a sentence about the first unknown name, id or slug of a refused request, or what is not ready, or ``""``.

    Parameters
    ----------
    connection : Connection
    request : Request
    refusal : APIError
        After a 404 an id may be unknown too.
    """
    if not request.operation_id:
        return ""
    missing = isinstance(refusal, NotFound)
    try:
        if refusal.status in NOT_READY:
            wait = owner_status(request)
            return "" if wait is None else not_ready(wait, connection.one(wait.lifecycle.operation, path=wait.path))
        return _explain_path(connection, request, missing=missing) or _explain_body(connection, request)
    except PoseidonError:
        # The refusal itself is what the user needs to see.
        return ""


def _explain_path(connection: Connection, request: Request, *, missing: bool) -> str:
    """Return a sentence about the first resource in a path that does not exist, with what it should be inside of."""
    found = match(request.method, request.path)
    if found is None:
        return ""
    wanted, values = found
    within = ""
    for parameter in wanted.path_parameters:
        resource_type = path_resource_type(wanted.id, parameter.name)
        known, given = find_resource_type(resource_type), values[parameter.name]
        name = given
        if known is not None and _is_explainable(resource_type, known, missing=missing):
            path = {one: values[one] for one in known.within}
            names = {
                str(value_at(row, known.id)): str(value_at(row, known.name) or "")
                for row in connection.rows(known.operation, path=path)
            }
            by_case = {id_.casefold(): name or id_ for id_, name in names.items()}
            if given.casefold() not in by_case:
                # What is not named by its id may have been given by its name.
                words = [*names] if resource_type in RESOURCE_TYPES else [*names.values(), *names]
                return f"{capitalized(noun_of(wanted, parameter))} {given!r}{within} not found{did_you_mean(given, words) or '.'}"
            name = by_case[given.casefold()]
        within = f" of {noun_of(wanted, parameter)} {escape_unprintable(name)}"
    return ""


def _is_explainable(resource_type: str, known: ResourceType, *, missing: bool) -> bool:
    """Return whether the list of such resources explains a refusal: it is short, and its ids can be mistaken."""
    if resource_type in RESOURCE_TYPES:
        return resource_type not in _TOO_MANY if missing else resource_type in _NAME_AS_ID
    return missing and not known.numeric


def _explain_body(connection: Connection, request: Request) -> str:
    def read(operation_id: str, path: Row) -> Any:
        return connection.send(connection.request(operation_id, path=path)).json()

    if problem := check_choices(request, read):
        return problem
    body = request.body if isinstance(request.body, dict) else {}
    fields = {
        slug: body[name]
        for name in body
        if (slug := _SLUG_FIELDS.get(resource_type_of(request.operation_id, name))) and isinstance(body[name], str)
    }
    return SlugChecker(connection).explain(fields) if fields else ""
