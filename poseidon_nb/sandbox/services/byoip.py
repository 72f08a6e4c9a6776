"""BYOIP prefixes: networks of public addresses that the account brings.

From the specification: a network is a /18 to a /24, and is in progress until it is active. From the acceptance tests of
Terraform's provider, which DigitalOcean runs: a prefix can be advertised while it is in progress, and a deleted one is gone
at once. ``declined``, with a ``failure_reason`` for a network that nobody can own, is in godo's tests. Addresses of an
active prefix can be given to NAT gateways.

Not documented, chosen here: that validating takes ten minutes, where DigitalOcean asks for days; every signature is
accepted; networks must not overlap (422), nor be deleted while an address is in use (422); a prefix belongs to the default
project. The ids of assignments are fabricated. Addresses cannot be assigned to droplets.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource, respond
from poseidon_nb.sandbox.responses import unprocessable
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_MIN_PREFIX, _MAX_PREFIX = 18, 24
_ACTIVE, _DECLINED = "active", "declined"
_LOCAL_TEXT = "not allowed local IP range"
_LOCAL_RANGES = tuple(
    map(IPv4Network, ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"))
) + tuple(map(IPv4Network, ("192.168.0.0/16", "224.0.0.0/3")))
#: The store and the type in URNs of what can have an address of a prefix.
_USERS = {"vpc_nat_gateways": "vpc_nat_gateway"}


def _check(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    text = values["prefix"]
    try:
        network = IPv4Network(text)
    except ValueError:
        raise unprocessable(f"{text} is not an IPv4 network. Use for example 203.0.113.0/24.") from None
    if not _MIN_PREFIX <= network.prefixlen <= _MAX_PREFIX:
        raise unprocessable(f"prefix must be from /{_MIN_PREFIX} to /{_MAX_PREFIX}.")
    if call.world.reference_data.available_region(values["region"]) is None:
        raise unprocessable("You specified an invalid region for a BYOIP prefix.")
    if any(network.overlaps(IPv4Network(other["prefix"])) for other in PREFIXES.all(call.world)):
        raise unprocessable("The prefix overlaps with another BYOIP prefix of the account.")


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
    PREFIXES.create()(call)
    made = PREFIXES.all(call.world)[-1]
    return respond(call, StoredObject({name: made[name] for name in ("uuid", "region", "status")}))


def _advertise(call: Call, prefix: StoredObject) -> StoredObject:
    wanted = call.body.get("advertise")
    if wanted and prefix["status"] == _DECLINED:
        raise unprocessable("A declined BYOIP prefix cannot be advertised.")
    return prefix if wanted is None else PREFIXES.change(call.world, prefix, advertised=wanted)


def _delete(call: Call, prefix: StoredObject) -> None:
    if _assignments(call.world, prefix):
        raise unprocessable("The BYOIP prefix has addresses in use.")
    PREFIXES.remove(call.world, prefix)


def _assignments(world: World, prefix: StoredObject) -> list[StoredObject]:
    network = IPv4Network(prefix["prefix"])
    return [
        StoredObject(
            {
                "id": rng.randint(10_000_000, 99_999_999, world.seed, "byoip", address),
                "byoip": address,
                "region": prefix["region"],
                "resource": f"do:{word}:{user['id']}",
                "assigned_at": user["created_at"],
            }
        )
        for kind, word in _USERS.items()
        for user in world.store(kind).all()
        if IPv4Address(address := user.internal["public"]) in network
    ]


def requested_address(call: Call, region: str) -> str | None:
    """Return the address that the ``egresses`` of a body ask for, or None; raise 422 unless it is free."""
    match call.body.get("egresses"):
        case {"public_gateways": [{"ip": str() as text} | {"ipv4": str() as text}]} if text:
            pass
        case _:
            return None
    for prefix in PREFIXES.all(call.world):
        if prefix["status"] == _ACTIVE and prefix["region"] == region and _is_free(call.world, prefix, text):
            return text
    raise unprocessable(f"{text} is not a free address of an active BYOIP prefix in {region}.")


def _is_free(world: World, prefix: StoredObject, text: str) -> bool:
    hosts = {str(address) for address in IPv4Network(prefix["prefix"]).hosts()}
    return text in hosts - {one["byoip"] for one in _assignments(world, prefix)}


OPERATIONS = {
    "byoipPrefixes_list": PREFIXES.list(),
    "byoipPrefixes_get": PREFIXES.get(),
    "byoipPrefixes_create": _create,
    "byoipPrefixes_patch": PREFIXES.on(_advertise),
    "byoipPrefixes_delete": PREFIXES.on(_delete),
    "byoipPrefixes_list_resources": PREFIXES.on(lambda call, prefix: respond(call, _assignments(call.world, prefix))),
}
EFFECTS = {f"{PREFIXES.kind}.{_ACTIVE}": _finish_validation}
