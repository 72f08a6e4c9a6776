"""Domains: a name without an id, and the records that come with it.

A new domain has an SOA record and three NS records, and with ``ip_address`` an A record at its top. Its zone file is
text of the records as they are, null in the answer that creates it. Not settled by any source, chosen here: what is no
domain name answers 422; a name inside another domain of the account is a domain like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.domain_records import TTL_S, add_record, find_domain, full_name, records_of

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_SERVERS = ("ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com")
_FIRST_ID = 1_780_000_000
#: Refresh, retry and expire in the SOA line of the specification's example.
_SOA_TIMES = "10800 3600 604800"


def add_domain(world: World, name: str, ip_address: str | None = None) -> Record:
    """Add a domain with the records that every domain begins with."""
    world.state.counters.setdefault("domain_records", _FIRST_ID)
    domain = Record({"name": name, "ttl": TTL_S, "zone_file": None}, {"serial": int(world.now())})
    world.domains.put(name, domain)
    try:
        add_record(world, domain, "SOA", ttl=TTL_S)
        for server in _SERVERS:
            add_record(world, domain, "NS", data=f"{server}.")
        if ip_address is not None:
            add_record(world, domain, "A", name="@", data=ip_address)
    except Refusal:
        _forget(world, name)
        raise
    return domain


def _forget(world: World, name: str) -> None:
    for record in records_of(world, name):
        world.domain_records.remove(record["id"])
    world.domains.remove(name)


def zone_file(domain: Record, records: list[Record]) -> str:
    """Give a domain's zone as text, the SOA line first."""
    name = domain["name"]
    lines = [f"$ORIGIN {name}.", f"$TTL {domain['ttl']}"]
    for record in records:
        if record["type"] == "SOA":
            rest = f"{_SERVERS[0]}. hostmaster.{name}. {domain.kept['serial']} {_SOA_TIMES} {record['data']}"
            lines.append(f"{name}. IN SOA {rest}")
        else:
            lines.append(f"{full_name(record)}. {record['ttl']} IN {record['type']} {_written(record, name)}")
    return "\n".join(lines) + "\n"


def _written(record: Record, domain: str) -> str:
    """Give a record's data as a zone file has it."""
    data: str = record["data"]
    host = f"{domain}." if data == "@" else f"{data}."
    before: dict[str, tuple[str, ...]] = {"MX": ("priority",), "SRV": ("priority", "weight", "port")}
    match record["type"]:
        case "A" | "AAAA":
            return data
        case "TXT":
            return _quoted(data)
        case "CAA":
            return f"{record['flags']} {record['tag']} {_quoted(data)}"
        case type_:
            return " ".join([*(str(record[field]) for field in before.get(type_, ())), host])


def _quoted(text: str) -> str:
    """Give a text in quotes, with what would end the quotes or the line escaped as RFC 1035 has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\{ord(found[0]):03}", escaped) + '"'


def _shown(world: World, domain: Record) -> Record:
    return domain.showing(zone_file=zone_file(domain, records_of(world, domain["name"])))


def _asked_for(call: Call) -> Record:
    domain = find_domain(call.world, call.names["domain_name"])
    if domain is None:
        raise not_found()
    return domain


def list_domains(call: Call) -> Reply:
    """Answer ``domains_list``."""
    return call.page("domains", "domain", [_shown(call.world, domain) for domain in call.world.domains.listed()])


def get_domain(call: Call) -> Reply:
    """Answer ``domains_get``."""
    return call.one("domain", _shown(call.world, _asked_for(call)))


def create_domain(call: Call) -> Reply:
    """Answer ``domains_create``; the text for a name that is taken is the one in droplet_kit#181."""
    asked: Any = bodies.required(call.body, "name", "string")
    name = asked.lower().removesuffix(".")
    if not _NAME.fullmatch(name):
        raise unprocessable(f"domain '{asked}': name is invalid")
    if name in call.world.domains:
        raise unprocessable(f"domain '{name}': name already exists")
    return call.one("domain", add_domain(call.world, name, call.body.get("ip_address")), status=201)


def delete_domain(call: Call) -> Reply:
    """Answer ``domains_delete``: its records go with it."""
    _forget(call.world, _asked_for(call)["name"])
    return no_content()


OPERATIONS = {
    "domains_list": list_domains,
    "domains_get": get_domain,
    "domains_create": create_domain,
    "domains_delete": delete_domain,
}
