"""Domains and their DNS records.

A new domain has an SOA record and three NS records, and with ``ip_address`` an A record at its apex. Its zone file is
generated from its records; it is null in the response to the creation.

A record's name is relative to its domain, and ``@`` at the apex. Data that points to a host must end with a dot in a
request but is returned without it, so a response cannot be sent back unchanged. Data of a CNAME, MX, NS or SRV record
that is the domain itself is returned as ``@``. An update needs no type, and keeps what is left out. The list includes
the SOA record, as live lists do, although the specification says otherwise. The messages about the dot, CNAME records,
blank ``data`` and the minimum TTL are the service's, as quoted in doctl#919, openapi#884, dnscontrol#536 and others.

Not documented, chosen here: the other messages; an invalid domain name answers 422; a name inside another domain of
the account is a domain like any other; the minimum TTL is 30 s; a record cannot change its type; the SOA record can
only change its TTL. A second equal record is accepted, as external-dns#487 and #503 found.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.call import required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPException, respond, unprocessable
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

DEFAULT_TTL_S = 1800
_MIN_TTL_S = 30
_MAX_TTL_S = 2_147_483_647
#: The required fields of a new record of each type.
_REQUIRED_FIELDS: dict[str, tuple[str, ...]] = {
    "A": ("name", "data"),
    "AAAA": ("name", "data"),
    "CAA": ("name", "data", "flags", "tag"),
    "CNAME": ("name", "data"),
    "MX": ("data", "priority"),
    "NS": ("data",),
    "SOA": ("ttl",),
    "SRV": ("name", "data", "priority", "port"),
    "TXT": ("name", "data"),
}
#: The additional fields of each type; they are null in all other records.
_TYPE_FIELDS: dict[str, tuple[str, ...]] = {
    "MX": ("priority",),
    "SRV": ("priority", "port", "weight"),
    "CAA": ("flags", "tag"),
}
_RANGES = {"priority": (0, 65_535), "port": (0, 65_535), "weight": (0, 65_535), "flags": (0, 255)}
_CAA_TAGS = ("issue", "issuewild", "iodef")
_HOST_TYPES = frozenset({"CAA", "CNAME", "MX", "NS", "SRV"})
#: Types whose data is `@` if it is the domain itself.
_APEX_TYPES = _HOST_TYPES - {"CAA"}
_FIELDS = ("name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
_RECORD_NAME = re.compile(r"@|(?=.{1,253}$)(\*|[a-z0-9_-]{1,63})(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)

DOT_TEXT = "Data needs to end with a dot (.)"
CNAME_TEXT = "CNAME records cannot share a name with other records"
_DOMAIN_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_NAME_SERVERS = ("ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com")
_FIRST_ID = 1_780_000_000
#: Refresh, retry and expire of the SOA line in the specification's example.
_SOA_TIMES = "10800 3600 604800"


def _lookup_domain(call: Call) -> StoredObject | None:
    """Return the domain of the path. Case and a final dot are ignored."""
    return call.world.domains.get(call.path_params["domain_name"].lower().rstrip("."))


def _lookup_record(call: Call) -> StoredObject | None:
    domain, record = _DOMAINS.find(call), call.world.domain_records.get(call.path_id("domain_record_id"))
    return record if record is not None and record.internal["domain"] == domain["name"] else None


_DOMAINS = Resource(
    "domains",
    id_field="name",
    lookup=_lookup_domain,
    show=lambda call, domain: domain.with_public(
        zone_file=zone_file(domain, records_of(call.world, domain["name"])),
    ),
)
_RECORDS = Resource("domain_records", lookup=_lookup_record)


def find_domain_of_host(world: World, host: str) -> StoredObject | None:
    """Return the account's domain that contains a host name; the longest one if there are several."""
    labels = host.lower().rstrip(".").split(".")
    found = (world.domains.get(".".join(labels[start:])) for start in range(len(labels)))
    return next((domain for domain in found if domain is not None), None)


def records_of(world: World, domain: str) -> list[StoredObject]:
    """Return the records of a domain, oldest first."""
    return [record for record in world.domain_records.all() if record.internal["domain"] == domain]


def full_name(record: StoredObject) -> str:
    """Return a record's full name, in lower case and without a final dot."""
    domain: str = record.internal["domain"]
    return domain if record["name"] == "@" else f"{record['name']}.{domain}".lower()


def add_record(world: World, domain: StoredObject, type_: str, **fields: Any) -> StoredObject:
    """Validate a record and add it to a domain.

    Parameters
    ----------
    world : World
        The account.
    domain : StoredObject
        The domain.
    type_ : str
        One of the nine types.
    fields
        Fields as in a request: data that points to a host ends with a dot.
    """
    if type_ not in _REQUIRED_FIELDS:
        raise unprocessable(f"Type must be one of {', '.join(_REQUIRED_FIELDS)}.")
    name = domain["name"]
    fields = _validated_fields(type_, fields, name)
    _check_no_conflict(world, fields, name)
    id_ = world.next_id("domain_records")
    record = StoredObject({"id": id_, **fields}, {"domain": name})
    world.domain_records.put(id_, record)
    _update_serial(world, domain)
    return record


def _update_serial(world: World, domain: StoredObject) -> None:
    """Update the serial number of a zone."""
    current = world.domains[domain["name"]]
    world.domains.put(current["name"], current.with_internal(serial=int(world.now())))


def _validated_fields(type_: str, requested: dict[str, Any], domain: str) -> dict[str, Any]:
    """Return a record's fields except for its id, or raise 422 if its type does not allow them."""
    for field in _REQUIRED_FIELDS[type_]:
        if requested.get(field) in {None, ""}:
            raise unprocessable(f"{field.capitalize()} can't be blank")
    ttl = DEFAULT_TTL_S if requested.get("ttl") is None else requested["ttl"]
    if not _MIN_TTL_S <= ttl <= _MAX_TTL_S:
        raise unprocessable(f"record ttl must be greater than {_MIN_TTL_S}")
    type_fields: dict[str, Any] = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    for field in _TYPE_FIELDS.get(type_, ()):
        # Only the weight of an SRV record is optional.
        type_fields[field] = 0 if field == "weight" and requested.get(field) is None else requested[field]
        minimum, maximum = _RANGES.get(field, (0, 0))
        if field in _RANGES and not minimum <= type_fields[field] <= maximum:
            raise unprocessable(f"{field.capitalize()} must be an integer between {minimum} and {maximum}")
    if type_ == "CAA" and type_fields["tag"] not in _CAA_TAGS:
        raise unprocessable(f"Tag must be one of {', '.join(_CAA_TAGS)}")
    return {
        "type": type_,
        "name": _relative_name(requested.get("name") or "@", domain),
        "data": str(ttl) if type_ == "SOA" else _validated_data(type_, requested["data"], type_fields["tag"], domain),
        "priority": type_fields["priority"],
        "port": type_fields["port"],
        "ttl": ttl,
        "weight": type_fields["weight"],
        "flags": type_fields["flags"],
        "tag": type_fields["tag"],
    }


def _relative_name(name: str, domain: str) -> str:
    """Return a name relative to the domain. Only a full name ends with a dot."""
    if name.lower() == f"{domain}.":
        return "@"
    if name.lower().endswith(f".{domain}."):
        name = name[: -len(f".{domain}.")]
    if not _RECORD_NAME.fullmatch(name):
        raise unprocessable("Name is invalid")
    return name


def _validated_data(type_: str, data: str, tag: str | None, domain: str) -> str:
    if type_ == "A" and not is_address(socket.AF_INET, data):
        raise unprocessable("IP address did not match IPv4 format (e.g. 127.0.0.1).")
    if type_ == "AAAA" and not is_address(socket.AF_INET6, data):
        raise unprocessable("IP address did not match IPv6 format (e.g. 2001:db8::1).")
    if not _points_to_host(type_, data, tag):
        return data
    if not data.endswith("."):
        raise unprocessable(DOT_TEXT)
    host = data[:-1]
    if not _HOST.fullmatch(host):
        raise unprocessable("Data is not a valid host name")
    return "@" if type_ in _APEX_TYPES and host.lower() == domain else host


def _points_to_host(type_: str, data: str, tag: str | None) -> bool:
    """Return whether the data is a host name, which ends with a dot in requests."""
    return type_ in _HOST_TYPES and data != "@" and tag != "iodef"


def is_address(family: int, text: str) -> bool:
    """Return whether a text is an IP address of a family of sockets."""
    try:
        socket.inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True


def _check_no_conflict(world: World, fields: dict[str, Any], domain: str, *, exclude_id: int = 0) -> None:
    same = [
        record
        for record in records_of(world, domain)
        if record["name"].lower() == fields["name"].lower() and record["id"] != exclude_id
    ]
    if any("CNAME" in {fields["type"], record["type"]} for record in same):
        raise unprocessable(CNAME_TEXT)


def _list_records(call: Call, domain: StoredObject) -> list[StoredObject]:
    """Return the records of a domain. The filter ``name`` is a full name, unlike a record's own name."""
    records = records_of(call.world, domain["name"])
    type_, name = call.query.get("type"), call.query.get("name")
    if type_ and type_ not in _REQUIRED_FIELDS:
        raise unprocessable(f"type must be one of {', '.join(_REQUIRED_FIELDS)}.")
    if type_:
        records = [record for record in records if record["type"] == type_]
    if name:
        wanted = name.lower().rstrip(".")
        records = [record for record in records if full_name(record) == wanted]
    return records


def _create_record(call: Call, domain: StoredObject) -> HTTPResponse:
    if call.body["type"] == "SOA":
        raise unprocessable("The SOA record of a domain is created automatically")
    fields = {name: call.body.get(name) for name in _FIELDS}
    return respond(call, add_record(call.world, domain, call.body["type"], **fields))


def _update_record(call: Call, record: StoredObject) -> StoredObject:
    """Change a record. Missing fields stay."""
    domain = call.world.domains[record.internal["domain"]]
    if call.body.get("type") not in {None, "", record["type"]}:
        raise unprocessable("Type cannot be changed")
    requested = {name: call.body[name] for name in _FIELDS if call.body.get(name) is not None}
    merged = {**record.public, **requested}
    if "data" not in requested and _points_to_host(record["type"], record["data"], record["tag"]):
        merged["data"] += "."
    fields = _validated_fields(record["type"], merged, domain["name"])
    _check_no_conflict(call.world, fields, domain["name"], exclude_id=record["id"])
    _update_serial(call.world, domain)
    return _RECORDS.put(call.world, record.with_public(**fields))


def _delete_record(call: Call, record: StoredObject) -> None:
    if record["type"] == "SOA":
        raise unprocessable("The SOA record of a domain cannot be deleted")
    _RECORDS.remove(call.world, record)
    _update_serial(call.world, call.world.domains[record.internal["domain"]])


def add_domain(world: World, name: str, ip_address: str | None = None) -> StoredObject:
    """Add a domain with its initial records."""
    world.state.counters.setdefault("domain_records", _FIRST_ID)
    domain = StoredObject({"name": name, "ttl": DEFAULT_TTL_S, "zone_file": None}, {"serial": int(world.now())})
    world.domains.put(name, domain)
    try:
        add_record(world, domain, "SOA", ttl=DEFAULT_TTL_S)
        for server in _NAME_SERVERS:
            add_record(world, domain, "NS", data=f"{server}.")
        if ip_address is not None:
            add_record(world, domain, "A", name="@", data=ip_address)
    except HTTPException:
        _remove_domain(world, name)
        raise
    return domain


def _remove_domain(world: World, name: str) -> None:
    for record in records_of(world, name):
        world.domain_records.remove(record["id"])
    world.domains.remove(name)


def zone_file(domain: StoredObject, records: list[StoredObject]) -> str:
    """Return a domain's zone file, with the SOA line first."""
    name = domain["name"]
    lines = [f"$ORIGIN {name}.", f"$TTL {domain['ttl']}"]
    for record in records:
        if record["type"] == "SOA":
            rest = f"{_NAME_SERVERS[0]}. hostmaster.{name}. {domain.internal['serial']} {_SOA_TIMES} {record['data']}"
            lines.append(f"{name}. IN SOA {rest}")
        else:
            lines.append(f"{full_name(record)}. {record['ttl']} IN {record['type']} {_zone_data(record, name)}")
    return "\n".join(lines) + "\n"


def _zone_data(record: StoredObject, domain: str) -> str:
    """Format a record's data for a zone file."""
    data: str = record["data"]
    host = f"{domain}." if data == "@" else f"{data}."
    before: dict[str, tuple[str, ...]] = {"MX": ("priority",), "SRV": ("priority", "weight", "port")}
    match record["type"]:
        case "A" | "AAAA":
            return data
        case "TXT":
            return _quote(data)
        case "CAA":
            return f"{record['flags']} {record['tag']} {_quote(data)}"
        case type_:
            return " ".join([*(str(record[field]) for field in before.get(type_, ())), host])


def _quote(text: str) -> str:
    """Quote a text and escape quotes and control characters according to RFC 1035."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):03}", escaped) + '"'


def create_domain(call: Call) -> HTTPResponse:
    """Handle ``domains_create``. The message for a name in use is quoted in droplet_kit#181."""
    requested: Any = required_field(call.body, "name", "string")
    name = requested.lower().removesuffix(".")
    if not _DOMAIN_NAME.fullmatch(name):
        raise unprocessable(f"domain '{requested}': name is invalid")
    if name in call.world.domains:
        raise unprocessable(f"domain '{name}': name already exists")
    return respond(call, add_domain(call.world, name, call.body.get("ip_address")))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "domains_list_records": _DOMAINS.on(_list_records),
    "domains_get_record": _RECORDS.get(),
    "domains_create_record": _DOMAINS.on(_create_record),
    "domains_patch_record": _RECORDS.on(_update_record),
    "domains_update_record": _RECORDS.on(_update_record),
    "domains_delete_record": _RECORDS.on(_delete_record),
    "domains_list": _DOMAINS.list(),
    "domains_get": _DOMAINS.get(),
    "domains_create": create_domain,
    "domains_delete": _DOMAINS.on(lambda call, domain: _remove_domain(call.world, domain["name"])),
}
