"""NAT gateways of VPCs.

From the acceptance tests of Terraform's provider, which DigitalOcean runs: a gateway is ``NEW`` and then ``ACTIVE``, a
deleted one is ``DELETING`` and then gone, and the message of a 404 names the id. A VPC has one subnet with the VPC's own id,
in ``subnet_uuid``. A PUT may have null as ``vpcs``, which changes nothing. The gateway belongs to the default project
unless the body names another one. An address in ``egresses`` has to be a free one of a BYOIP prefix in the region. Each unit
of size is billed (digitalocean/scale-with-simplicity). From the specification's example: addresses show when it is active.

Not documented, chosen here: how long the states last, at most 100 gateways, sizes of 1 to 100, timeouts of 1 to 86,400
seconds with a default of 30, and that one gateway at most is the default of a VPC. The public addresses are fabricated,
from a range that is never routed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import unprocessable
from poseidon_nb.sandbox.services.byoip import requested_address
from poseidon_nb.sandbox.services.projects import requested_project
from poseidon_nb.sandbox.services.vpcs import find_vpc_in_region, free_addresses
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.\-]{0,254}")
_ACTIVE = "ACTIVE"
_PROTOCOLS = ("udp", "icmp", "tcp")
_MAX_GATEWAYS, _MAX_SIZE, _MAX_TIMEOUT_S = 100, 100, 86_400


def _check(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    """Complete the VPCs with their addresses, and a new gateway with its project and its public address."""
    world = call.world
    region = (present or values)["region"]
    objects.require_region(world, region, "You specified an invalid region for VPC NAT gateway creation.")
    known = {vpc["vpc_uuid"]: vpc["gateway_ip"] for vpc in present["vpcs"]} if present is not None else {}
    vpcs = values.get("vpcs", [])
    if len({vpc["vpc_uuid"] for vpc in vpcs}) < len(vpcs):
        raise unprocessable("vpcs must not contain a VPC twice.")
    for vpc in vpcs:
        id_ = vpc["vpc_uuid"]
        found = find_vpc_in_region(world, id_, region)
        if found is None:
            raise unprocessable(f"VPC {id_} not found in {region}.")
        if vpc["default_gateway"] and _other_default(world, id_, present):
            raise unprocessable(f"VPC {id_} already has a default NAT gateway.")
        vpc["subnet_uuid"] = id_
        vpc["gateway_ip"] = known.get(id_) or free_addresses(world, found, 1)[0]
    if present is None:
        if len(GATEWAYS.store(world)) >= _MAX_GATEWAYS:
            raise unprocessable(f"This account can have at most {_MAX_GATEWAYS} VPC NAT gateways.")
        values["project_id"] = requested_project(world, values.get("project_id"))
        used = {gateway.internal["public"] for gateway in GATEWAYS.all(world)}
        fabricated = objects.free_address(objects.NAT_GATEWAY_RANGE, used)
        values["public"] = requested_address(call, region) or fabricated


def _other_default(world: World, vpc_id: str, present: StoredObject | None) -> bool:
    return any(
        vpc["vpc_uuid"] == vpc_id and vpc["default_gateway"]
        for gateway in GATEWAYS.all(world)
        if present is None or gateway["id"] != present["id"]
        for vpc in gateway["vpcs"]
    )


def _new_gateway(_world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    created_at = format_time(at)
    address = values.pop("public")
    public = {"id": id_, **values, "egresses": {}, "created_at": created_at, "updated_at": created_at}
    # The response to the creation repeats the request.
    sent = [{name: value for name, value in vpc.items() if name != "gateway_ip"} for vpc in values["vpcs"]]
    return StoredObject(public, {"public": address, "once": {"vpcs": sent}})


def _price(_world: World, public: dict[str, Any]) -> Price:
    size = public["size"]
    usd = prices.NAT_GATEWAY_UNIT.usd * size
    return Price("VPC NAT Gateways", "1-DO-NATGW", usd, f"{public['name']} (size {size})")


def _show_address(world: World, _at: float, id_: str) -> None:
    gateway = GATEWAYS.store(world)[id_]
    egresses = {"public_gateways": [{"ipv4": gateway.internal["public"]}]}
    GATEWAYS.store(world).put(id_, gateway.with_public(egresses=egresses))


GATEWAYS = Resource(
    "vpc_nat_gateways",
    fields=(
        Field("name", pattern=_NAME, rule="may contain letters, digits, periods and dashes", unique=True),
        Field("type", choices=("PUBLIC",), fixed=True),
        Field("region", fixed=True),
        Field("size", minimum=1, maximum=_MAX_SIZE),
        Field(
            "vpcs",
            minimum=1,
            fields=(
                Field("vpc_uuid", type="string", required=True),
                Field("default_gateway", type="boolean", default=False),
            ),
        ),
        *(Field(f"{one}_timeout_seconds", default=30, minimum=1, maximum=_MAX_TIMEOUT_S) for one in _PROTOCOLS),
        Field("project_id", fixed=True),
    ),
    build=_new_gateway,
    check=_check,
    states=States(first=(("NEW", 90.0),), ready=_ACTIVE, deleting=("DELETING", 30.0), field="state"),
    price=_price,
    updated_field="updated_at",
    label="VPC NAT gateway",
    missing="nat gateway with id {} not found",
)


def _update(call: Call, gateway: StoredObject) -> StoredObject:
    # Clients that send their whole object have empty values for what they do not know.
    call.body = {name: value for name, value in call.body.items() if value not in ("", 0, [])}
    return GATEWAYS.change_from(call, gateway)


OPERATIONS = {
    "vpcnatgateways_list": GATEWAYS.list(state="state", region="region", type="type", name="name"),
    "vpcnatgateways_get": GATEWAYS.get(),
    "vpcnatgateways_create": GATEWAYS.create(),
    "vpcnatgateways_update": GATEWAYS.on(_update, state=_ACTIVE),
    "vpcnatgateways_delete": GATEWAYS.delete(),
}
EFFECTS = {f"{GATEWAYS.kind}.{_ACTIVE}": _show_address}
