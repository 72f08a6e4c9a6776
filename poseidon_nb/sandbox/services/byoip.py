"""BYOIP prefixes: networks of public addresses that the account brings.

From the specification: a network is a /18 to a /24, and is in progress until it is active. From the acceptance tests of
Terraform's provider, which DigitalOcean runs: a prefix can be advertised while it is in progress, and a deleted one is gone
at once. ``declined``, with a ``failure_reason`` for a network that nobody can own, is in godo's tests. Addresses of an
active prefix are assigned to droplets as reserved IPs are (the specification), or given to NAT gateways (the provider).

Not documented, chosen here: that validating takes ten minutes, where DigitalOcean asks for days; every signature is
accepted; networks must not overlap (422), nor be deleted while an address is in use (422); a prefix belongs to the default
project. An address is among the reserved IPs once it was assigned, and is free of charge. The ids of assignments are
fabricated.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.actions import is_busy
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import respond, unprocessable
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_MIN_PREFIX, _MAX_PREFIX = 18, 24
_ACTIVE, _DECLINED = "active", "declined"
_LOCAL_TEXT = "not allowed local IP range"
_LOCAL_RANGES = tuple(
    map(IPv4Network, ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"))
) + tuple(map(IPv4Network, ("192.168.0.0/16", "224.0.0.0/3")))


def _check(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    text = values["prefix"]
    try:
        network = IPv4Network(text)
    except ValueError:
        raise unprocessable(f"{text} is not an IPv4 network. Use for example 203.0.113.0/24.") from None
    if not _MIN_PREFIX <= network.prefixlen <= _MAX_PREFIX:
        raise unprocessable(f"prefix must be from /{_MIN_PREFIX} to /{_MAX_PREFIX}.")
    objects.require_region(call.world, values["region"], "You specified an invalid region for a BYOIP prefix.")
    if any(network.overlaps(IPv4Network(other["prefix"])) for other in PREFIXES.all(call.world)):
        raise unprocessable("The prefix overlaps with another BYOIP prefix of the account.")
    # Also for a netmask, 203.0.113.0/255.255.255.0.
    values["prefix"] = str(network)


def _new_prefix(world: World, id_: str, values: dict[str, Any], _at: float) -> dict[str, Any]:
    return {
        "uuid": id_,
        "name": "",
        "prefix": values["prefix"],
        "region": values["region"],
        "validations": [{"name": "SIGNATURE HASH", "status": "IN_PROGRESS", "note": ""}],
        "failure_reason": "",
        "locked": False,
        "advertised": False,
        "project_id": objects.default_project_id(world),
    }


def _finish_validation(world: World, _at: float, uuid: str) -> None:
    prefix = PREFIXES.store(world)[uuid]
    network = IPv4Network(prefix["prefix"])
    validation = {**prefix["validations"][0], "status": "PASSED"}
    changes: dict[str, Any] = {"validations": [validation]}
    if any(network.overlaps(range_) for range_ in _LOCAL_RANGES):
        changes |= {"status": _DECLINED, "failure_reason": _LOCAL_TEXT, "advertised": False}
    PREFIXES.put(world, prefix.with_public(**changes))


PREFIXES = Resource(
    "byoip_prefixes",
    fields=(Field("prefix"), Field("region"), Field("signature", minimum=1)),
    id_field="uuid",
    build=_new_prefix,
    check=_check,
    states=States(first=(("in_progress", 600.0),), ready=_ACTIVE),
    label="BYOIP prefix",
)


def _create(call: Call) -> HTTPResponse:
    made = PREFIXES.create_from(call)
    return respond(call, StoredObject({name: made[name] for name in ("uuid", "region", "status")}))


def _advertise(call: Call, prefix: StoredObject) -> StoredObject:
    wanted = call.body.get("advertise")
    if wanted and prefix["status"] == _DECLINED:
        raise unprocessable("A declined BYOIP prefix cannot be advertised.")
    return prefix if wanted is None else PREFIXES.change(call.world, prefix, advertised=wanted)


def _delete(call: Call, prefix: StoredObject) -> None:
    world, network = call.world, IPv4Network(prefix["prefix"])
    known = [ip for ip, _ in world.reserved_ips.items() if IPv4Address(ip) in network]
    if _assignments(world, prefix) or any(is_busy(world, "reserved_ip", ip) for ip in known):
        raise unprocessable("The BYOIP prefix has addresses in use.")
    for ip in known:
        world.reserved_ips.remove(ip)
    PREFIXES.remove(world, prefix)


def _assignments(world: World, prefix: StoredObject) -> list[StoredObject]:
    network = IPv4Network(prefix["prefix"])
    return [
        StoredObject(
            {
                "id": rng.randint(10_000_000, 99_999_999, world.seed, "byoip", ip),
                "byoip": ip,
                "region": prefix["region"],
                "resource": urn,
                "assigned_at": assigned_at,
            }
        )
        for ip, urn, assigned_at in _used_addresses(world)
        if IPv4Address(ip) in network
    ]


def _used_addresses(world: World) -> Iterator[tuple[str, str, str]]:
    """Yield the public addresses that are in use, each with the URN of its user and since when."""
    for gateway in world.store("vpc_nat_gateways").all():
        yield gateway.internal["public"], f"do:vpc_nat_gateway:{gateway['id']}", gateway["created_at"]
    for address in world.reserved_ips.all():
        past = address.internal.get("past", {}).get("droplet_id")
        if past and address.internal["droplet_id"] is not None:
            yield address["ip"], f"do:droplet:{address.internal['droplet_id']}", format_time(past[-1][0])


def requested_address(call: Call, region: str) -> str | None:
    """Return the address that the ``egresses`` of a body ask for, or None; raise 422 unless it is free."""
    match call.body.get("egresses"):
        case {"public_gateways": [{"ip": str() as text} | {"ipv4": str() as text}]} if text:
            pass
        case _:
            return None
    prefix = _prefix_of_free(call.world, text)
    if prefix is None or prefix["region"] != region:
        raise unprocessable(f"{text} is not a free address of an active BYOIP prefix in {region}.")
    return text


def _prefix_of_free(world: World, ip: str) -> StoredObject | None:
    """Return the active prefix with an address that nothing has; None if there is none."""
    try:
        address = IPv4Address(ip)
    except ValueError:
        return None
    if ip in world.reserved_ips or any(ip == used for used, *_ in _used_addresses(world)):
        return None
    active = (prefix for prefix in PREFIXES.all(world) if prefix["status"] == _ACTIVE)
    networks = ((prefix, IPv4Network(prefix["prefix"])) for prefix in active)
    ends = (0, -1)
    return next((one for one, net in networks if address in net and address not in {net[end] for end in ends}), None)


def brought_ip(world: World, ip: str) -> StoredObject | None:
    """Return a free address of an active prefix as a reserved IP, which is not stored; None if it is not one."""
    prefix = _prefix_of_free(world, ip)
    if prefix is None:
        return None
    region = world.reference_data.regions[prefix["region"]]
    return StoredObject({"ip": ip, "region": region, "project_id": prefix["project_id"]}, {"droplet_id": None})


OPERATIONS = {
    "byoipPrefixes_list": PREFIXES.list(),
    "byoipPrefixes_get": PREFIXES.get(),
    "byoipPrefixes_create": _create,
    "byoipPrefixes_patch": PREFIXES.on(_advertise),
    "byoipPrefixes_delete": PREFIXES.on(_delete),
    "byoipPrefixes_list_resources": PREFIXES.on(lambda call, prefix: respond(call, _assignments(call.world, prefix))),
}
EFFECTS = {f"{PREFIXES.kind}.{_ACTIVE}": _finish_validation}
