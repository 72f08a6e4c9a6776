"""Finding ids by name, for resource types that users name and the API identifies by id.

`RESOURCE_TYPES` are those that fields of requests refer to. All others that a path names, and those inside another resource,
follow from the catalogue: `find_resource_type`. Help and completion read the resource types too, so this module imports no
third-party package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from poseidon_nb.catalogue.collections import collection_of, member_parameter, noun_in_path, noun_of_segment
from poseidon_nb.catalogue.operations import operation, rows
from poseidon_nb.errors import AmbiguousName, NoSuchName
from poseidon_nb.text import capitalized, close_matches, escape_unprintable, is_integer, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.resource import Resource

    Row: TypeAlias = Mapping[str, Any]
    Parents: TypeAlias = tuple[int | str, ...]

R = TypeVar("R", bound="Resource | Row")

#: Characters of a name that a message repeats; DigitalOcean accepts no longer names.
MAX_NAME_LENGTH = 255
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FINGERPRINT = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){15}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource that has ids and names.

    Attributes
    ----------
    noun : str
        Singular noun for messages.
    operation : str
        The list operation.
    id, name : str
        Fields of a row that hold its id and its name; dots lead into objects. If both are the same, the name is the id.
    numeric : bool
        Whether its ids are integers; otherwise they are UUIDs.
    within : tuple of str
        The path parameters of the list operation, which name the resources that it is inside of, the outermost first.
    """

    noun: str
    operation: str
    id: str = "id"
    name: str = "name"
    numeric: bool = False
    within: tuple[str, ...] = ()

    @property
    def named_by_id(self) -> bool:
        """Whether its name is its id, so that there is nothing to look up."""
        return self.id == self.name


#: Resource types by the words that completion uses for them.
RESOURCE_TYPES: Mapping[str, ResourceType] = {
    "droplets": ResourceType("droplet", "droplets_list", numeric=True),
    "images": ResourceType("image", "images_list", numeric=True),
    "keys": ResourceType("key", "sshKeys_list", numeric=True),
    "snapshots": ResourceType("snapshot", "snapshots_list"),
    "volumes": ResourceType("volume", "volumes_list"),
    "domains": ResourceType("domain", "domains_list", id="name"),
    "tags": ResourceType("tag", "tags_list", id="name"),
    "reserved_ips": ResourceType("reserved IP", "reservedIPs_list", id="ip", name="ip"),
    "floating_ips": ResourceType("floating IP", "floatingIPs_list", id="ip", name="ip"),
    "firewalls": ResourceType("firewall", "firewalls_list"),
    "load_balancers": ResourceType("load balancer", "loadBalancers_list"),
    "vpcs": ResourceType("VPC", "vpcs_list"),
    "vpc_peerings": ResourceType("VPC peering", "vpcPeerings_list"),
    "projects": ResourceType("project", "projects_list"),
    "certificates": ResourceType("certificate", "certificates_list"),
    "cdn_endpoints": ResourceType("CDN endpoint", "cdn_list_endpoints", name="origin"),
    "databases": ResourceType("database cluster", "databases_list_clusters"),
    "kubernetes": ResourceType("Kubernetes cluster", "kubernetes_list_clusters"),
    "apps": ResourceType("app", "apps_list", name="spec.name"),
    "uptime_checks": ResourceType("uptime check", "uptime_list_checks"),
    "alert_policies": ResourceType("alert policy", "monitoring_list_alertPolicy", id="uuid", name="description"),
    "registries": ResourceType("registry", "registries_list", id="name"),
    "autoscale_pools": ResourceType("autoscale pool", "autoscalepools_list"),
    "invoices": ResourceType("invoice", "invoices_list", id="invoice_uuid", name="invoice_period"),
    "nat_gateways": ResourceType("VPC NAT gateway", "vpcnatgateways_list"),
}
#: The resource type that a field of a request refers to.
_TYPE_OF_FIELD: Mapping[str, str] = {
    "droplet_id": "droplets",
    "droplet_ids": "droplets",
    "linked_droplet_id": "droplets",
    "image_id": "images",
    "ssh_key_identifier": "keys",
    "ssh_keys": "keys",
    "volume_id": "volumes",
    "domain_name": "domains",
    "tag_id": "tags",
    "tag_name": "tags",
    "tags": "tags",
    "tag": "tags",
    "reserved_ip": "reserved_ips",
    "floating_ip": "floating_ips",
    "firewall_id": "firewalls",
    "lb_id": "load_balancers",
    "target_load_balancer_ids": "load_balancers",
    "vpc_id": "vpcs",
    "vpc_ids": "vpcs",
    "vpc_uuid": "vpcs",
    "private_network_uuid": "vpcs",
    "vpc_peering_id": "vpc_peerings",
    "project_id": "projects",
    "certificate_id": "certificates",
    "cdn_id": "cdn_endpoints",
    "database_cluster_uuid": "databases",
    "app_id": "apps",
    "check_id": "uptime_checks",
    "registry_name": "registries",
    "autoscale_pool_id": "autoscale_pools",
    "invoice_uuid": "invoices",
    "region": "regions",
    "region_slug": "regions",
    "size": "sizes",
}
#: Exceptions, by the prefix of the operationId.
_TYPE_OF_FIELD_BY_PREFIX: Mapping[str, Mapping[str, str]] = {
    "apps": {"id": "apps"},
    # An app, a database and a Kubernetes cluster have sizes and regions of their own.
    "databases": {"size": "", "tags": "", "project_id": "projects"},
    "kubernetes": {"cluster_id": "kubernetes", "size": "sizes"},
    "monitoring": {"host_id": "droplets", "alert_uuid": "alert_policies", "lb_id": "load_balancers"},
    "domains": {"tag": ""},  # of a CAA record
    "droplets": {"volumes": "volumes", "image": "images"},
    "dropletActions": {"image": "images"},
    "loadBalancers": {"size": ""},
    "snapshots": {"snapshot_id": "snapshots"},
    "volumes": {"snapshot_id": "snapshots"},
    "volumeSnapshots": {"snapshot_id": "snapshots"},
    "vpcnatgateways": {"id": "nat_gateways", "size": ""},
    "genai": {"region": "", "tags": "", "size": ""},
    "vectorDatabases": {"size": "", "tags": "", "region": ""},
    "registries": {"region": ""},
    "registry": {"registry_name": "", "region": ""},
    "spacesKey": {"region": ""},
}


def resource_type_of(operation_id: str, field: str) -> str:
    """Return the resource type that a field of an operation refers to.

    Returns
    -------
    str
        A key of `RESOURCE_TYPES`, ``"regions"`` or ``"sizes"``; empty if it refers to none.
    """
    own = _TYPE_OF_FIELD_BY_PREFIX.get(operation_id.partition("_")[0], {})
    return own[field] if field in own else _TYPE_OF_FIELD.get(field, "")


def path_resource_type(operation_id: str, parameter: str) -> str:
    """Return the resource type that a parameter in the path of an operation names.

    Returns
    -------
    str
        As from `resource_type_of`, or the id of the operation that lists such resources.
    """
    known = resource_type_of(operation_id, parameter)
    if known:
        return known
    listed = collection_of(operation(operation_id).path, parameter)
    return "" if listed is None else type_listed_by(listed.id) or listed.id


@cache
def type_listed_by(operation_id: str) -> str:
    """Return the key of `RESOURCE_TYPES` that an operation lists, or ``""``."""
    return next((name for name, known in RESOURCE_TYPES.items() if known.operation == operation_id), "")


@cache
def find_resource_type(resource_type: str) -> ResourceType | None:
    """Return a resource type by its key in `RESOURCE_TYPES`, or by the operation that lists it; None if it is neither."""
    known = RESOURCE_TYPES.get(resource_type)
    if known is not None or resource_type not in rows():
        return known
    listed = operation(resource_type)
    if not listed.member_id:
        return None
    return ResourceType(
        noun=noun_of_segment(listed.path.rpartition("/")[2]),
        operation=listed.id,
        id=listed.member_id,
        name=listed.member_name,
        numeric=member_parameter(listed).type == "integer",
        within=tuple(parameter.name for parameter in listed.path_parameters),
    )


def require_resource_type(resource_type: str) -> ResourceType:
    """Return a resource type that is known to exist; see `find_resource_type`."""
    known = find_resource_type(resource_type)
    if known is None:
        raise KeyError(resource_type)
    return known


def is_id(resource_type: str, word: int | str) -> bool:
    """Return whether a word has the format of an id of this type, so that there is no name to look up."""
    known = find_resource_type(resource_type)
    if known is None or known.named_by_id or isinstance(word, int):
        return True
    if resource_type == "projects" and word == "default":
        return True
    if known.numeric:
        return is_integer(word) or (resource_type == "keys" and is_fingerprint(word))
    # A droplet's snapshot has an integer id, a volume's has a UUID.
    return _UUID.fullmatch(word) is not None or (resource_type == "snapshots" and is_integer(word))


def is_fingerprint(word: str) -> bool:
    """Return whether a word has the format of the fingerprint of an SSH key."""
    return _FINGERPRINT.fullmatch(word) is not None


def api_id(resource_type: str, word: int | str) -> int | str:
    """Return an id as the API expects it: an integer if its ids are integers."""
    known = find_resource_type(resource_type)
    numeric = known is not None and known.numeric and isinstance(word, str) and is_integer(word)
    return int(word) if numeric else word


def value_at(row: Row, path: str) -> Any:
    """Return the value at a dotted path in a row; None if there is none."""
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if hasattr(value, "get") else None
    return value


def names_and_ids(resource_type: ResourceType, rows: Sequence[Row]) -> list[tuple[str, int | str]]:
    """Return the name and id of each row that has both, for completion."""
    pairs = [(value_at(row, resource_type.name), value_at(row, resource_type.id)) for row in rows]
    return [(str(name), identifier) for name, identifier in pairs if name and identifier is not None]


def unique_match(noun: str, name: str, matches: Sequence[R], names: Callable[[], Iterable[str]], *, of: str = "") -> R:
    """Return the only match for a name.

    Parameters
    ----------
    noun : str
        Singular noun for messages: ``"droplet"``.
    name : str
        The requested name.
    matches : sequence
        Everything that has the name.
    names : callable
        Returns the existing names; called only if there is no match.
    of : str
        What it is inside of: ``"Kubernetes cluster render"``.

    Raises
    ------
    NoSuchName
        Nothing has the name; the closest names are suggested.
    AmbiguousName
        Several have the name; their ids are listed, each with its region and the date of its creation.
    """
    if len(matches) == 1:
        return matches[0]
    within = escape_unprintable(f" of {of}" if of else "")
    if matches:
        by_id = {str(match["id"]): match for match in matches}
        ids = sorted(by_id)
        numbers = [int(one) for one in ids if is_integer(one)]
        listed = ", ".join(_described(one, by_id[one]) for one in ids)
        message = f"{len(matches)} {noun}s{within} are named {name!r}. Use one of their ids: {listed}"
        raise AmbiguousName(message, name=name, ids=numbers)
    close = close_matches(name, sorted(set(names())))
    shown = repr(name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…")
    raise NoSuchName(
        f"{capitalized(noun)} {shown}{within} not found{suggestion(close) or '.'}", name=name, nearest=close
    )


def _described(identifier: str, match: Resource | Row) -> str:
    """Return an id with what tells it from others of the same name: ``521000032 (nyc3, 2026-11-23)``."""
    region, created_at = match.get("region"), match.get("created_at")
    slug = region.get("slug") if isinstance(region, Mapping) else region
    date = _DATE.match(created_at) if isinstance(created_at, str) else None
    facts = [*([slug] if isinstance(slug, str) and slug else []), *([date[0]] if date else [])]
    return escape_unprintable(f"{identifier} ({', '.join(facts)})" if facts else identifier)


def is_pattern(word: int | str) -> bool:
    """Return whether a word is a pattern such as ``web-*``, if nothing has it as its name."""
    return isinstance(word, str) and any(one in word for one in "*?[")


class Lookup:
    """Finds ids by name. Each resource type is listed at most once per lookup object.

    Parameters
    ----------
    client : Client
        Client of the account.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rows: dict[tuple[str, Parents], Sequence[Row]] = {}

    def id_of(self, resource_type: str, word: int | str, parents: Parents = ()) -> int | str:
        """Return the id of the one resource with this name, or the word itself if it is an id.

        Parameters
        ----------
        resource_type : str
            As for `find_resource_type`; for any other type the word is the id.
        word : int or str
        parents : tuple of int or str
            The ids of the resources that it is inside of, the outermost first.

        Raises
        ------
        NoSuchName
            Nothing has the name; the closest names are suggested.
        AmbiguousName
            Several have the name; their ids are listed.
        """
        if is_id(resource_type, word):
            return api_id(resource_type, word)
        known, name = require_resource_type(resource_type), str(word)
        rows = self._list(resource_type, parents)
        found = [row for row in rows if value_at(row, known.name) == name or str(value_at(row, known.id)) == name]
        if resource_type == "images":
            # Public images have a slug, which the API accepts instead of an id.
            found = found or [row for row in rows if row.get("slug") == name]
        matches: list[Row] = [{**row, "id": value_at(row, known.id)} for row in found]
        match = unique_match(
            known.noun, name, matches, lambda: self._names(resource_type, parents), of=self._owner(known, parents)
        )
        identifier: int | str = match["id"]
        return identifier

    def _owner(self, known: ResourceType, parents: Parents) -> str:
        """Return what a resource is inside of, with the name by which it was looked up."""
        if not parents:
            return ""
        owner_type = path_resource_type(known.operation, known.within[-1])
        owner = find_resource_type(owner_type)
        rows = self._rows.get((owner_type, parents[:-1]), ()) if owner else ()
        names = [value_at(row, owner.name) for row in rows if owner and value_at(row, owner.id) == parents[-1]]
        noun = owner.noun if owner else noun_in_path(operation(known.operation).path, known.within[-1])
        return f"{noun} {next((name for name in names if name), parents[-1])}"

    def matching(self, resource_type: str, word: int | str) -> list[Row]:
        """Return the resources with this id or name, or whose names match this pattern, as in the list of all.

        Returns
        -------
        list of mapping
            Empty if none has the id or name, or several have the name.

        Raises
        ------
        NoSuchName
            No name matches the pattern.
        """
        known, text = require_resource_type(resource_type), str(word)
        rows = self._list(resource_type)
        # Public images have a slug besides.
        paths = [known.name, *(["slug"] if resource_type == "images" else [])]
        exact = [row for row in rows if text in {str(value_at(row, path)) for path in (known.id, *paths)}]
        if exact or not is_pattern(word):
            return exact if len(exact) == 1 else []
        found = [row for row in rows if any(fnmatchcase(str(value_at(row, path) or ""), text) for path in paths)]
        if not found:
            raise NoSuchName(f"No {known.noun} matches {text[:MAX_NAME_LENGTH]!r}.", name=text)
        return found

    def _list(self, resource_type: str, parents: Parents = ()) -> Sequence[Row]:
        if (resource_type, parents) not in self._rows:
            self._rows[resource_type, parents] = self._read(resource_type, parents)
        return self._rows[resource_type, parents]

    def _read(self, resource_type: str, parents: Parents) -> Sequence[Row]:
        if resource_type == "droplets":
            # `droplets_list` leaves GPU droplets out unless asked for them.
            return [droplet.to_dict() for droplet in self._client.droplets.list()]
        known = require_resource_type(resource_type)
        rows: Sequence[Row] = self._client.call(known.operation, path=dict(zip(known.within, parents, strict=True)))
        return rows

    def _names(self, resource_type: str, parents: Parents) -> list[str]:
        known, rows = require_resource_type(resource_type), self._list(resource_type, parents)
        names = [value_at(row, known.name) for row in rows]
        slugs = [row.get("slug") for row in rows] if resource_type == "images" else []
        return [name for name in (*names, *slugs) if isinstance(name, str) and name]
