"""Partner attachments, which connect VPCs to other networks through a partner.

From the specification's example and the acceptance tests of Terraform's provider: an attachment is ``CREATING`` and then
``CREATED``, a deleted one is ``DELETING`` and then gone, and responses have the region and the partner in capital letters.
A parent shows its children. The BGP key is read on its own, never in the attachment. A new service key is created over time.

Not documented, chosen here: how long the states last; Megaport is the only partner; an attachment with children cannot be
deleted (409); VPCs are of the datacenters in the region. Both keys, the local ASN, and the routes, which appear when BGP is
configured, are fabricated. Attachments are not billed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, respond, unprocessable
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9\-.]+")
_PROVIDER = "MEGAPORT"
_REGIONS = ("nyc", "sfo", "fra", "ams", "sgp")
_BANDWIDTHS_MBPS = (1000, 2000, 5000, 10_000)
_ZONES = tuple(f"{_PROVIDER}_{color}" for color in ("BLUE", "RED"))
_CREATED = "CREATED"
_KEY_S = 15.0
_LOCAL_ASN = 64_532
_MAX_ASN = 4_294_967_295
_ROUTES = 3


def _check(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    world = call.world
    for name in ("region", "naas_provider"):
        if name in values:
            values[name] = values[name].upper()
    if values.get("region", "NYC").lower() not in _REGIONS:
        raise unprocessable(f"region must be one of {', '.join(_REGIONS)}.")
    if values.get("naas_provider", _PROVIDER) != _PROVIDER:
        raise unprocessable(f"naas_provider must be {_PROVIDER}.")
    region = (present.public if present is not None else values)["region"].lower()
    for id_ in values.get("vpc_ids", ()):
        vpc = world.vpcs.get(id_)
        if vpc is None or vpc["region"].rstrip("0123456789") != region:
            raise unprocessable(f"VPC {id_} not found in {region}.")
    parent = ATTACHMENTS.store(world).get(values.get("parent_uuid"))
    if parent is not None and parent["state"] != _CREATED:
        raise unprocessable("The parent of a partner attachment has to be created.")
    if "bgp" in values:
        values["bgp"] = _bgp_object(values["bgp"])


def _bgp_object(sent: dict[str, Any]) -> dict[str, Any]:
    """Return the BGP configuration as responses show it, or raise 422. It has no key."""
    for name in ("local_router_ip", "peer_router_ip"):
        try:
            IPv4Interface(sent[name])
        except ValueError:
            raise unprocessable(f"bgp.{name} must be an address with its prefix, such as 169.254.0.1/29.") from None
    return {
        "local_asn": sent.get("local_router_asn", _LOCAL_ASN),
        "local_router_ip": sent["local_router_ip"],
        "peer_asn": sent["peer_router_asn"],
        "peer_router_ip": sent["peer_router_ip"],
    }


def _new_attachment(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    public = {"id": id_, **values, "created_at": format_time(at)}
    auth_key = rng.digest(world.seed, "bgp key", id_)[:24]
    return StoredObject(public, {"auth_key": auth_key, "service_key": _service_key(world, id_, 0, at)})


def _service_key(world: World, id_: str, number: int, at: float) -> dict[str, str]:
    value = rng.uuid(world.seed, "service key", id_, number)
    return {"value": value, "state": _CREATED, "created_at": format_time(at)}


def _with_children(call: Call, attachment: StoredObject) -> StoredObject:
    children = [one["id"] for one in ATTACHMENTS.all(call.world) if one.public.get("parent_uuid") == attachment["id"]]
    return attachment.with_public(children=children) if children else attachment


ATTACHMENTS = Resource(
    "partner_attachments",
    fields=(
        Field("name", pattern=_NAME, rule="may contain letters, digits, dashes and periods", unique=True),
        Field("connection_bandwidth_in_mbps", choices=_BANDWIDTHS_MBPS, fixed=True),
        Field("region", fixed=True),
        Field("naas_provider", fixed=True),
        Field("vpc_ids", minimum=1),
        Field("parent_uuid", refers="partner_attachments", fixed=True),
        Field("redundancy_zone", choices=_ZONES, fixed=True),
        Field(
            "bgp",
            fields=(
                Field("local_router_ip", type="string", required=True),
                Field("local_router_asn", type="integer", minimum=1, maximum=_MAX_ASN),
                Field("peer_router_ip", type="string", required=True),
                Field("peer_router_asn", type="integer", required=True, minimum=1, maximum=_MAX_ASN),
                Field("auth_key", type="string"),
            ),
        ),
    ),
    build=_new_attachment,
    check=_check,
    show=_with_children,
    states=States(first=(("CREATING", 60.0),), ready=_CREATED, deleting=("DELETING", 30.0), field="state"),
    label="partner attachment",
)


def _create(call: Call) -> HTTPResponse:
    return respond(call, _keep_auth_key(call, ATTACHMENTS.create_from(call)))


def _patch(call: Call, attachment: StoredObject) -> StoredObject:
    if not any(call.body.get(name) for name in ("name", "vpc_ids", "bgp")):
        raise unprocessable("name, vpc_ids or bgp is required.")
    return _keep_auth_key(call, ATTACHMENTS.change_from(call, attachment))


def _keep_auth_key(call: Call, attachment: StoredObject) -> StoredObject:
    """Store the BGP key of a body, which no response with the attachment shows."""
    auth_key = (call.body.get("bgp") or {}).get("auth_key")
    return ATTACHMENTS.put(call.world, attachment.with_internal(auth_key=auth_key)) if auth_key else attachment


def _delete(call: Call, attachment: StoredObject) -> StoredObject:
    if "children" in _with_children(call, attachment).public:
        raise conflict("A partner attachment with children cannot be deleted.")
    ATTACHMENTS.begin_deletion(call.world, attachment)
    return ATTACHMENTS.store(call.world)[attachment["id"]]


def _get_auth_key(_call: Call, attachment: StoredObject) -> dict[str, Any]:
    return {"bgp_auth_key": {"value": attachment.internal["auth_key"]}}


def _get_service_key(_call: Call, attachment: StoredObject) -> dict[str, Any]:
    return {"service_key": attachment.internal["service_key"]}


def _begin_service_key(call: Call, attachment: StoredObject) -> dict[str, Any]:
    world = call.world
    world.schedule(world.now() + _KEY_S / world.speed, "partner_attachment.service_key", attachment["id"])
    return {}


def _create_service_key(world: World, at: float, id_: str) -> None:
    attachment = ATTACHMENTS.store(world).get(id_)
    if attachment is not None:
        key = _service_key(world, id_, world.next_number("service_keys"), at)
        ATTACHMENTS.put(world, attachment.with_internal(service_key=key))


def _list_routes(call: Call, attachment: StoredObject) -> HTTPResponse:
    drawn = call.world.seed, "remote route", attachment["id"]
    routes = [
        f"172.{16 + rng.randint(0, 15, *drawn)}.{rng.randint(0, 80, *drawn) + number}.0/24" for number in range(_ROUTES)
    ]
    known = attachment["state"] == _CREATED and "bgp" in attachment.public
    return respond(call, [StoredObject({"cidr": route}) for route in routes] if known else [])


OPERATIONS = {
    "partnerAttachments_list": ATTACHMENTS.list(),
    "partnerAttachments_get": ATTACHMENTS.get(),
    "partnerAttachments_create": _create,
    "partnerAttachments_patch": ATTACHMENTS.on(_patch, state=_CREATED),
    "partnerAttachments_delete": ATTACHMENTS.on(_delete),
    "partnerAttachments_get_bgp_auth_key": ATTACHMENTS.on(_get_auth_key),
    "partnerAttachments_get_service_key": ATTACHMENTS.on(_get_service_key),
    "partnerAttachments_create_service_key": ATTACHMENTS.on(_begin_service_key),
    "partnerAttachments_list_remote_routes": ATTACHMENTS.on(_list_routes),
}
EFFECTS = {"partner_attachment.service_key": _create_service_key}
