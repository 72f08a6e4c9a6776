"""The records of domains: what each type needs, and how it is written and read.

A name is relative to its domain and ``@`` at its top. What points to a host has to end with a dot when it is written,
and is read without it, so what was read cannot be sent back. The list has the SOA record, as live lists do, though the
specification says that it has not. The texts about the dot, CNAME records, a blank ``data`` and the least TTL are the
service's, as quoted in doctl#919, openapi#884, dnscontrol#536 and others.

Not settled by any source, chosen here: the other texts; a TTL of 30 s is the least; the same record twice is refused; a
record keeps its type; the SOA record can get another TTL and cannot be created or deleted. PUT without ``data`` checks
what is stored, so it refuses a record whose data needs a dot (doctl#919); PATCH keeps it.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import no_content, not_found, unprocessable

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

TTL_S = 1800
_TTL_LEAST_S = 30
_TTL_MOST_S = 2_147_483_647
#: What a new record of each type cannot do without.
_NEEDED: dict[str, tuple[str, ...]] = {
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
#: The further fields that a type uses; in every other record they are null.
_USED: dict[str, tuple[str, ...]] = {
    "MX": ("priority",),
    "SRV": ("priority", "port", "weight"),
    "CAA": ("flags", "tag"),
}
_RANGES = {"priority": (0, 65_535), "port": (1, 65_535), "weight": (0, 65_535), "flags": (0, 255)}
_CAA_TAGS = ("issue", "issuewild", "iodef")
_POINTING = frozenset({"CAA", "CNAME", "MX", "NS", "SRV"})
_FIELDS = ("name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
_NAME = re.compile(r"@|(?=.{1,253}$)(\*|[a-z0-9_-]{1,63})(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.IGNORECASE)

DOT_TEXT = "Data needs to end with a dot (.)"
CNAME_TEXT = "CNAME records cannot share a name with other records"


def find_domain(world: World, name: str) -> Record | None:
    """Give the account's domain of this name, however it is spelt."""
    return world.domains.get(name.lower().rstrip("."))


def domain_of(world: World, host: str) -> Record | None:
    """Give the domain in this account that a full name belongs to, the longest if there are several."""
    labels = host.lower().rstrip(".").split(".")
    found = (world.domains.get(".".join(labels[start:])) for start in range(len(labels)))
    return next((domain for domain in found if domain is not None), None)


def records_of(world: World, domain: str) -> list[Record]:
    """Give the records of a domain, oldest first."""
    return [record for record in world.domain_records.listed() if record.kept["domain"] == domain]


def full_name(record: Record) -> str:
    """Give a record's name with its domain, in small letters, without a dot at the end."""
    domain: str = record.kept["domain"]
    return domain if record["name"] == "@" else f"{record['name']}.{domain}".lower()


def add_record(world: World, domain: Record, type_: str, **fields: Any) -> Record:
    """Check a record of a domain, and add it.

    Parameters
    ----------
    world : World
        The account.
    domain : Record
        The domain.
    type_ : str
        One of the nine types.
    fields
        As in a request: data that points to a host ends with a dot.
    """
    if type_ not in _NEEDED:
        raise unprocessable(f"Type must be one of {', '.join(_NEEDED)}.")
    name = domain["name"]
    facts = _checked(type_, fields, name)
    _refuse_a_clash(world, facts, name)
    id_ = world.next_id("domain_records")
    record = Record({"id": id_, **facts}, {"domain": name})
    world.domain_records.put(id_, record)
    _touch(world, domain)
    return record


def _touch(world: World, domain: Record) -> None:
    """Give the zone another serial number."""
    current = world.domains[domain["name"]]
    world.domains.put(current["name"], current.keeping(serial=int(world.now())))


def _checked(type_: str, asked: dict[str, Any], domain: str) -> dict[str, Any]:
    """Give what a record shows, its id apart; refuse what its type does not allow."""
    for field in _NEEDED[type_]:
        if asked.get(field) in {None, ""}:
            raise unprocessable(f"{field.capitalize()} can't be blank")
    ttl = TTL_S if asked.get("ttl") is None else asked["ttl"]
    if not _TTL_LEAST_S <= ttl <= _TTL_MOST_S:
        raise unprocessable(f"record ttl must be greater than {_TTL_LEAST_S}")
    used: dict[str, Any] = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    for field in _USED.get(type_, ()):
        # The weight alone of an SRV record may be left out.
        used[field] = 0 if field == "weight" and asked.get(field) is None else asked[field]
        least, most = _RANGES.get(field, (0, 0))
        if field in _RANGES and not least <= used[field] <= most:
            raise unprocessable(f"{field.capitalize()} must be an integer between {least} and {most}")
    if type_ == "CAA" and used["tag"] not in _CAA_TAGS:
        raise unprocessable(f"Tag must be one of {', '.join(_CAA_TAGS)}")
    return {
        "type": type_,
        "name": _relative(asked.get("name") or "@", domain),
        "data": str(ttl) if type_ == "SOA" else _data(type_, asked["data"], used["tag"]),
        "priority": used["priority"],
        "port": used["port"],
        "ttl": ttl,
        "weight": used["weight"],
        "flags": used["flags"],
        "tag": used["tag"],
    }


def _relative(name: str, domain: str) -> str:
    """Give a name as the record has it: a full one, which a dot ends, loses its domain."""
    if name.lower() == f"{domain}.":
        return "@"
    if name.lower().endswith(f".{domain}."):
        name = name[: -len(f".{domain}.")]
    if not _NAME.fullmatch(name):
        raise unprocessable("Name is invalid")
    return name


def _data(type_: str, data: str, tag: str | None) -> str:
    if type_ == "A" and not _is_address(socket.AF_INET, data):
        raise unprocessable("IP address did not match IPv4 format (e.g. 127.0.0.1).")
    if type_ == "AAAA" and not _is_address(socket.AF_INET6, data):
        raise unprocessable("IP address did not match IPv6 format (e.g. 2001:db8::1).")
    if not _points(type_, data, tag):
        return data
    if not data.endswith("."):
        raise unprocessable(DOT_TEXT)
    host = data[:-1]
    if not _HOST.fullmatch(host):
        raise unprocessable("Data is not a valid host name")
    return host


def _points(type_: str, data: str, tag: str | None) -> bool:
    """Say whether the data is a host with a dot behind it when written."""
    return type_ in _POINTING and data != "@" and tag != "iodef"


def _is_address(family: int, text: str) -> bool:
    try:
        socket.inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True


def _refuse_a_clash(world: World, facts: dict[str, Any], domain: str, *, but: int = 0) -> None:
    same = [
        record
        for record in records_of(world, domain)
        if record["name"].lower() == facts["name"].lower() and record["id"] != but
    ]
    if any("CNAME" in {facts["type"], record["type"]} for record in same):
        raise unprocessable(CNAME_TEXT)
    told = [name for name in facts if name != "ttl"]
    if any(all(record[name] == facts[name] for name in told) for record in same):
        raise unprocessable("Record already exists")


def _domain(call: Call) -> Record:
    domain = find_domain(call.world, call.names["domain_name"])
    if domain is None:
        raise not_found()
    return domain


def _asked_for(call: Call) -> tuple[Record, Record]:
    domain = _domain(call)
    record = call.world.domain_records.get(call.id("domain_record_id"))
    if record is None or record.kept["domain"] != domain["name"]:
        raise not_found()
    return domain, record


def list_records(call: Call) -> Reply:
    """Answer ``domains_list_records``; ``name`` is a full one there, while the record's own is relative."""
    shown = records_of(call.world, _domain(call)["name"])
    type_, name = call.query.get("type"), call.query.get("name")
    if type_ and type_ not in _NEEDED:
        raise unprocessable(f"type must be one of {', '.join(_NEEDED)}.")
    if type_:
        shown = [record for record in shown if record["type"] == type_]
    if name:
        wanted = name.lower().rstrip(".")
        shown = [record for record in shown if full_name(record) == wanted]
    return call.page("domain_records", "domain_record", shown)


def get_record(call: Call) -> Reply:
    """Answer ``domains_get_record``."""
    return call.one("domain_record", _asked_for(call)[1])


def create_record(call: Call) -> Reply:
    """Answer ``domains_create_record``."""
    domain = _domain(call)
    if call.body["type"] == "SOA":
        raise unprocessable("A domain has one SOA record, which is made for it")
    fields = {name: call.body.get(name) for name in _FIELDS}
    record = add_record(call.world, domain, call.body["type"], **fields)
    return call.one("domain_record", record, status=201)


def update_record(call: Call) -> Reply:
    """Answer ``domains_patch_record`` and ``domains_update_record``: what is left out stays."""
    domain, record = _asked_for(call)
    if call.body["type"] != record["type"]:
        raise unprocessable("Type cannot be changed")
    asked = {name: call.body[name] for name in _FIELDS if call.body.get(name) is not None}
    merged = {**record.shown, **asked}
    if (
        "data" not in asked
        and call.operation == "domains_patch_record"
        and _points(record["type"], record["data"], record["tag"])
    ):
        merged["data"] += "."
    facts = _checked(record["type"], merged, domain["name"])
    _refuse_a_clash(call.world, facts, domain["name"], but=record["id"])
    changed = record.showing(**facts)
    call.world.domain_records.put(record["id"], changed)
    _touch(call.world, domain)
    return call.one("domain_record", changed)


def delete_record(call: Call) -> Reply:
    """Answer ``domains_delete_record``."""
    domain, record = _asked_for(call)
    if record["type"] == "SOA":
        raise unprocessable("The SOA record of a domain cannot be deleted")
    call.world.domain_records.remove(record["id"])
    _touch(call.world, domain)
    return no_content()


OPERATIONS = {
    "domains_list_records": list_records,
    "domains_get_record": get_record,
    "domains_create_record": create_record,
    "domains_patch_record": update_record,
    "domains_update_record": update_record,
    "domains_delete_record": delete_record,
}
