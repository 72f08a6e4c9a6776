"""Regions, sizes and images on sale: explains which slug the API refused, and checks a resize before it is sent.

The lists are read from the service when they are needed, so nothing is refused by what this version knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument, NotFound, PoseidonError
from poseidon_nb.text import did_you_mean, is_integer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poseidon_nb.client.connection import Connection

    Row = Mapping[str, Any]


class Slugs:
    """The regions, sizes and images that there are, read when they are needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def explain(self, fields: Row) -> str:
        """Return a sentence on the first slug among a request's fields that does not exist, or ``""``.

        Reads the lists that it needs; when these cannot be had either, the API's own words have to do.
        """
        try:
            return self._size(fields) or self._region(fields) or self._image(fields)
        except PoseidonError:
            return ""

    def fitting(self, droplet: Row) -> list[Row]:
        """Return the sizes that a droplet could have instead of its own, cheapest first: sold there, disk large enough."""
        return fitting(self._connection.rows("sizes_list"), [droplet])

    def check_resize(self, droplet: Row, size: str, *, disk: bool) -> None:
        """Refuse a size that a droplet cannot have.

        Raises
        ------
        InvalidArgument
            With the nearest size that it can have.
        """
        sizes = {row["slug"]: row for row in self._connection.rows("sizes_list")}
        check_size(sizes, droplet, size, disk=disk)
        if size == droplet["size_slug"] and not (disk and sizes[size]["disk"] > droplet["disk"]):
            raise InvalidArgument(f"{droplet['name']} has the size {size} already")

    def _size(self, fields: Row) -> str:
        size = fields.get("size")
        if size is None:
            return ""
        sizes = {row["slug"]: row for row in self._connection.rows("sizes_list")}
        # A prefix such as "nyc" means any region of that area.
        region = str(fields.get("region") or "")
        sold = [slug for slug, row in sizes.items() if _sold(row, region)]
        if size not in sizes:
            where = f" in {region}" if region and sold else ""
            # Without a region that there is, whatever is sold at all.
            return f"no size {size!r}{where}{did_you_mean(str(size), sold or [slug for slug, row in sizes.items() if _sold(row)])}"
        if not sizes[size]["available"]:
            return f"{size} is not available{did_you_mean(str(size), sold)}"
        if region and size not in sold and self._knows_region(region):
            return f"{size} is not sold in {region}, but in {', '.join(sizes[size]['regions']) or 'no region'}"
        return ""

    def _region(self, fields: Row) -> str:
        region = fields.get("region")
        if not region or self._knows_region(str(region)):
            return ""
        slugs = [row["slug"] for row in self._connection.rows("regions_list")]
        return f"no region {region!r}{did_you_mean(str(region), slugs)}"

    def _knows_region(self, region: str) -> bool:
        return any(row["slug"].startswith(region) for row in self._connection.rows("regions_list"))

    def _image(self, fields: Row) -> str:
        image = fields.get("image")
        if image is None or isinstance(image, int) or is_integer(str(image)):
            return ""
        try:
            # Asked for by its slug, because not every image that has one is listed as a distribution.
            self._connection.one("images_get", path={"image_id": image})
        except NotFound:
            rows = self._connection.rows("images_list", query={"type": "distribution"})
            return f"no image {image!r}{did_you_mean(str(image), [row['slug'] for row in rows if row['slug']])}"
        return ""


def check_size(sizes: Mapping[str, Row], droplet: Row, size: str, *, disk: bool) -> None:
    """Refuse a size that a droplet cannot have; pure.

    Parameters
    ----------
    sizes : mapping
        All sizes, by slug.
    droplet : mapping
        As the API sends it.
    size : str
    disk : bool
        Its disk grows too.

    Raises
    ------
    InvalidArgument
        With the nearest size that it can have.
    """
    region = droplet["region"]["slug"]
    could = [slug for slug, row in sizes.items() if _fits(row, droplet)]
    if size not in sizes:
        raise InvalidArgument(f"no size {size!r}{did_you_mean(size, could)}")
    if not sizes[size]["available"]:
        raise InvalidArgument(f"{size} is not available{did_you_mean(size, could)}")
    if region not in sizes[size]["regions"]:
        raise InvalidArgument(f"{size} is not sold in {region}{did_you_mean(size, could)}")
    if sizes[size]["disk"] < droplet["disk"]:
        grown = "a disk cannot shrink" if disk else "even without growing the disk, the size's own must hold it"
        raise InvalidArgument(
            f"{size} has a disk of {sizes[size]['disk']} GB, and {droplet['name']} one of {droplet['disk']} GB: {grown}"
        )


def fitting(sizes: Iterable[Row], droplets: Collection[Row]) -> list[Row]:
    """Return those sizes that each of these droplets could have and that not all have already, cheapest first.

    They are sold in each one's region, and their disk is not smaller than any. None is known to fit a droplet of which
    the region or the disk is not told.
    """
    regions = {(droplet.get("region") or {}).get("slug") for droplet in droplets}
    slugs = {droplet.get("size_slug") for droplet in droplets}
    disks = {droplet.get("disk") or 0 for droplet in droplets}
    if 0 in disks:
        return []
    disk = max(disks, default=0)
    could = [
        row
        for row in sizes
        if _sold(row) and regions <= {*row["regions"]} and row["disk"] >= disk and slugs != {row["slug"]}
    ]
    return sorted(could, key=lambda row: (row["price_monthly"], row["slug"]))


def _fits(size: Row, droplet: Row) -> bool:
    return _sold(size, droplet["region"]["slug"]) and bool(size["disk"] >= droplet["disk"])


def _sold(size: Row, region: str = "") -> bool:
    """Check whether a size can be had now: anywhere, or in a region or an area such as ``"nyc"``."""
    return bool(size["available"]) and any(slug.startswith(region) for slug in size["regions"])
