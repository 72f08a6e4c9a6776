"""NFS shares, their actions, snapshots and access points.

From the specification: a share has at least 50 GiB, and is ``INACTIVE`` without a VPC. Its default access point cannot be
deleted, and a deleted access point is shown as such. Invalid requests answer 400, those of access points with a code. From
the acceptance tests of Terraform's provider, which DigitalOcean runs: an action on a snapshot has the snapshot's id, and a
busy share answers 409. The tier can be raised only, and the size grow only (the provider's documentation, which has the
rule for names too). A share has at most 32 TiB (docs.digitalocean.com/products/nfs/details/features).

Not documented, chosen here: how long everything takes, the types of the actions apart from those in the specification, and
that ``standard`` is the default tier. A share shows its host once it is active. It is deleted with its snapshots and access
points, and not while it is busy. A deleted access point is shown for five minutes. Only shares are billed. The host, an
address of the first VPC, and the path are fabricated; there is no server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, conflict, not_found
from poseidon_nb.sandbox.services.vpcs import find_vpc_in_region, free_addresses
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

    #: Checks the parameters of an action and returns the fields of the share that it changes.
    Prepare = Callable[[Call, StoredObject, dict[str, Any]], dict[str, Any]]

_MIN_GIB, _MAX_GIB = 50, 32 * 1024
_NAME = re.compile(r"[a-z][a-z0-9\-]{0,63}")
_SNAPSHOT_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]{0,63}")
_ACCESS_POINT_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])")
_PATH = re.compile(r"/[a-zA-Z0-9\-_./]{1,1023}")
_TIERS = ("standard", "high")
_TIER_PREFIX = "PERFORMANCE_TIER_"
_CREATING, _ACTIVE, _INACTIVE = "CREATING", "ACTIVE", "INACTIVE"
_POINT_STATES = tuple(f"ACCESS_POINT_{state}" for state in (_CREATING, _ACTIVE, "FAILED", "DELETED"))
_POINT_CREATING, _POINT_ACTIVE, _POINT_FAILED, _POINT_DELETED = _POINT_STATES
_POINT_DELETED_S = 300.0
_NOBODY = 65_534
_POLICY_FIELDS = (
    *(Field(name, type="integer", default=_NOBODY, choices=(_NOBODY,)) for name in ("anonuid", "anongid")),
    Field("protocols", type="array", default=["NFS4", "NFS"], minimum=1),
    Field("squash_config", type="string", default="ROOT_SQUASH", choices=("NO_SQUASH", "ROOT_SQUASH", "ALL_SQUASH")),
    Field("identity_enforcement_enabled", type="boolean", default=False),
)


def _check_share(call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    if call.world.reference_data.available_region(values["region"]) is None:
        raise bad_request(f"region {values['region']} is not available.")
    _check_size(values["size_gib"])
    values["vpc_ids"] = [*dict.fromkeys(values["vpc_ids"])]
    for id_ in values["vpc_ids"]:
        _check_vpc(call.world, id_, values["region"])
    values["performance_tier"] = _tier(values["performance_tier"])
    values["host"] = free_addresses(call.world, call.world.vpcs[values["vpc_ids"][0]], 1)[0]


def _check_size(size: int) -> None:
    if size < _MIN_GIB:
        raise bad_request(f"The value for 'size_gib' must be greater than or equal to {_MIN_GIB}Gib.")
    if size > _MAX_GIB:
        raise bad_request(f"The value for 'size_gib' must be less than or equal to {_MAX_GIB}Gib.")


def _check_vpc(world: World, id_: str, region: str) -> None:
    if find_vpc_in_region(world, id_, region) is None:
        raise bad_request(f"VPC {id_} not found in {region}.")


def _tier(word: str) -> str:
    short = word.removeprefix(_TIER_PREFIX).lower()
    if short not in _TIERS:
        raise bad_request(f"performance_tier must be {' or '.join(_TIERS)}.")
    return f"{_TIER_PREFIX}{short.upper()}"


def _new_share(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    host = values.pop("host")
    account = rng.randint(100_000, 999_999, world.seed, "nfs account")
    public = {"id": id_, **values, "created_at": format_time(at), "mount_path": f"/{account}/{id_}", "host": ""}
    _add_access_point(world, id_, {"name": "default", "path": "/", "is_default": True}, at)
    return StoredObject(public, {"hosts": [host], "busy": False})


def _price(_world: World, public: dict[str, Any]) -> Price:
    size = public["size_gib"]
    return Price("Network File Storage", "1-DO-NFS", prices.NFS_GIB.usd * size, f"{public['name']} ({size} GiB)")


def _points_of(world: World, share: StoredObject) -> list[StoredObject]:
    """Return the access points of a share, the default one first."""
    return ACCESS_POINTS.all(world, share_id=share["id"])


def _with_points(call: Call, share: StoredObject) -> StoredObject:
    points = [point.public for point in _points_of(call.world, share) if point["status"] != _POINT_DELETED]
    return share.with_public(access_points=points)


SHARES = Resource(
    "nfs_shares",
    fields=(
        Field(
            "name", pattern=_NAME, rule="must begin with a letter and may contain lowercase letters, digits and dashes"
        ),
        Field("size_gib"),
        Field("region"),
        Field("vpc_ids", minimum=1),
        Field("performance_tier", default=_TIERS[0]),
    ),
    build=_new_share,
    check=_check_share,
    states=States(first=((_CREATING, 60.0),), ready=_ACTIVE),
    price=_price,
    show=_with_points,
    label="share",
)
SNAPSHOTS = Resource("nfs_snapshots", states=States(first=((_CREATING, 30.0),), ready=_ACTIVE))
ACCESS_POINTS = Resource(
    "nfs_access_points",
    states=States(first=((_POINT_CREATING, 20.0),), ready=_POINT_ACTIVE),
    updated_field="updated_at",
    label="access point",
)


def _activate_share(world: World, at: float, id_: str) -> None:
    share = SHARES.store(world)[id_]
    SHARES.put(world, share.with_public(host=share.internal["hosts"][0]), at)
    point = _points_of(world, share)[0]
    active = point.with_public(status=_POINT_ACTIVE, updated_at=format_time(at))
    ACCESS_POINTS.put(world, active)


def _remove_parts(world: World, at: float, id_: str) -> None:
    for kind in (SNAPSHOTS, ACCESS_POINTS):
        for part in kind.all(world, share_id=id_):
            kind.remove(world, part, at)


def _in_region(call: Call, record: StoredObject) -> StoredObject:
    """Return a record, or raise 404 if the request is about another region."""
    wanted = call.query.get("region") or call.body.get("region")
    if wanted and wanted.lower() != record["region"]:
        raise not_found()
    return record


def _delete_share(call: Call, share: StoredObject) -> None:
    _check_idle(_in_region(call, share))
    SHARES.remove(call.world, share)


def _check_idle(share: StoredObject) -> None:
    if share.internal["busy"] or share["status"] == _CREATING:
        raise conflict("The share has an action in progress.")


def _start_action(call: Call, share: StoredObject) -> dict[str, Any]:
    world, type_ = call.world, call.body["type"]
    if type_ not in _ACTIONS:
        raise bad_request(f"{type_} is not a valid action type.")
    _check_idle(_in_region(call, share))
    params = optional_field(call.body, "params", "object") or {}
    word, seconds, prepare = _ACTIONS[type_]
    changes = prepare(call, share, params)
    if type_ == "snapshot":
        snapshot = SNAPSHOTS.add(world, changes, world.now())
        return _action(world, share, word, snapshot["id"], "SNAPSHOT")
    hosts = share.internal["hosts"]
    if "vpc_ids" in changes:
        changes["hosts"] = _hosts_after(world, share, changes["vpc_ids"])
        hosts = [*dict.fromkeys([*hosts, *changes["hosts"]])]
    SHARES.put(world, share.with_internal(busy=True, hosts=hosts))
    world.schedule(world.now() + seconds / world.speed, "nfs.action", share["id"], changes)
    return _action(world, share, word, share["id"])


def _hosts_after(world: World, share: StoredObject, vpc_ids: list[str]) -> list[str]:
    """Return the host of a share that has other VPCs: it changes with the first one, and there is none without a VPC."""
    if not vpc_ids or vpc_ids[:1] == share["vpc_ids"][:1]:
        return share.internal["hosts"] if vpc_ids else []
    return free_addresses(world, world.vpcs[vpc_ids[0]], 1)


def _action(
    world: World, share: StoredObject, type_: str, resource_id: str, resource_type: str = "SHARE"
) -> dict[str, Any]:
    """Return an action as a response shows it. No operation shows it again, so it is not stored."""
    number = world.next_number("nfs_actions")
    return {
        "action": {
            "id": rng.uuid(world.seed, "nfs_actions", number),
            "region_slug": share["region"],
            "resource_id": resource_id,
            "resource_type": resource_type,
            "type": type_,
            "status": "IN_PROGRESS",
            "started_at": format_time(world.now()),
        }
    }


def _finish_action(world: World, at: float, id_: str, changes: dict[str, Any]) -> None:
    share = SHARES.store(world).get(id_)
    if share is None:
        return
    if not all(vpc_id in world.vpcs for vpc_id in changes.get("vpc_ids", ())):
        # The VPC was deleted meanwhile.
        changes = {"hosts": share.internal["hosts"][:1]}
    public = {name: value for name, value in changes.items() if name != "hosts"}
    hosts = changes.get("hosts", share.internal["hosts"])
    state = _ACTIVE if public.get("vpc_ids", share["vpc_ids"]) else _INACTIVE
    changed = share.with_public(**public, status=state, host=hosts[0] if hosts else "")
    SHARES.put(world, changed.with_internal(busy=False, hosts=hosts), at)


def _resize(_call: Call, share: StoredObject, params: dict[str, Any]) -> dict[str, Any]:
    size = required_field(params, "size_gib", "integer")
    _check_size(size)
    if size <= share["size_gib"]:
        raise bad_request(f"size_gib must be greater than {share['size_gib']}, the present size.")
    return {"size_gib": size}


def _snapshot(_call: Call, share: StoredObject, params: dict[str, Any]) -> dict[str, Any]:
    name = required_field(params, "name", "string")
    if not _SNAPSHOT_NAME.fullmatch(name):
        raise bad_request("name may contain letters, digits, underscores, periods and dashes, at most 64 characters.")
    return {"name": name, "size_gib": share["size_gib"], "region": share["region"], "share_id": share["id"]}


def _attach(call: Call, share: StoredObject, params: dict[str, Any], name: str = "vpc_id") -> dict[str, Any]:
    id_ = required_field(params, name, "string")
    _check_vpc(call.world, id_, share["region"])
    if id_ in share["vpc_ids"]:
        raise bad_request(f"The share is already attached to VPC {id_}.")
    return {"vpc_ids": [*share["vpc_ids"], id_]}


def _detach(_call: Call, share: StoredObject, params: dict[str, Any], name: str = "vpc_id") -> dict[str, Any]:
    id_ = required_field(params, name, "string")
    if id_ not in share["vpc_ids"]:
        raise bad_request(f"The share is not attached to VPC {id_}.")
    return {"vpc_ids": [one for one in share["vpc_ids"] if one != id_]}


def _reassign(call: Call, share: StoredObject, params: dict[str, Any]) -> dict[str, Any]:
    rest = share.with_public(**_detach(call, share, params, "old_vpc_id"))
    return _attach(call, rest, params, "new_vpc_id")


def _switch_tier(_call: Call, share: StoredObject, params: dict[str, Any]) -> dict[str, Any]:
    tier = _tier(required_field(params, "performance_tier", "string").removesuffix("_performance"))
    if tier == _tier(_TIERS[0]) and share["performance_tier"] != tier:
        raise bad_request("The performance tier of a share cannot be lowered.")
    return {"performance_tier": tier}


#: By type: the type in the response, the seconds at DigitalOcean, and the function.
_ACTIONS: dict[str, tuple[str, float, Prepare]] = {
    "resize": ("RESIZE_SHARE", 20.0, _resize),
    "snapshot": ("CREATE_SNAPSHOT", 0.0, _snapshot),
    "attach": ("ATTACH_SHARE", 15.0, _attach),
    "detach": ("DETACH_SHARE", 15.0, _detach),
    "reassign": ("REASSIGN_SHARE", 30.0, _reassign),
    "switch_performance_tier": ("SWITCH_PERFORMANCE_TIER", 60.0, _switch_tier),
}


def _delete_snapshot(call: Call, snapshot: StoredObject) -> None:
    SNAPSHOTS.remove(call.world, _in_region(call, snapshot))


def _add_access_point(world: World, share_id: str, values: dict[str, Any], at: float) -> StoredObject:
    """Add an access point. The default one is active together with its share."""
    default = values["is_default"]
    record = ACCESS_POINTS.add(
        world,
        {
            "share_id": share_id,
            "status": _POINT_CREATING,
            "access_policy": read_fields(_POLICY_FIELDS, {}),
            "updated_at": "",
            **values,
        },
        at,
        settled=default,
    )
    return ACCESS_POINTS.put(world, record.with_public(status=_POINT_CREATING)) if default else record


def _create_access_point(call: Call, share: StoredObject) -> dict[str, Any]:
    world, body = call.world, call.body
    name, path, vpc_id = body["name"], body["path"], body["vpc_id"]
    if share["status"] == _CREATING:
        raise bad_request("the share must be active or inactive")
    if not _ACCESS_POINT_NAME.fullmatch(name) or name.lower() == "default":
        raise bad_request("name must have 2 to 63 letters, digits and dashes, and must not be default")
    if not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise bad_request("path must start with / and may contain letters, digits, -, _, . and /, but no .. segment")
    policy = read_fields(_POLICY_FIELDS, body["access_policy"], "access_policy.")
    if not all(protocol in ("NFS4", "NFS") for protocol in policy["protocols"]):
        raise bad_request("access_policy.protocols must be NFS4 or NFS")
    _check_vpc(world, vpc_id, share["region"])
    present = [point for point in _points_of(world, share) if point["status"] != _POINT_DELETED]
    if any(point["name"] == name or point["path"] == path for point in present):
        raise conflict("access point with this name or path already exists for this share")
    values = {"name": name, "path": path, "access_policy": policy, "is_default": False, "vpc_id": vpc_id}
    point = _add_access_point(world, share["id"], values, world.now())
    return {"access_point": point.public, **_action(world, share, "CREATE_ACCESS_POINT", point["id"])}


def _list_access_points(call: Call, share: StoredObject) -> list[StoredObject]:
    wanted = call.query.get("status")
    if wanted and wanted not in _POINT_STATES:
        raise bad_request("invalid access point status", "INVALID_ACCESS_POINT_STATUS")
    points = _points_of(call.world, share)
    return [one for one in points if one["status"] == wanted or (not wanted and one["status"] != _POINT_DELETED)]


def _delete_access_point(call: Call, point: StoredObject) -> dict[str, Any]:
    world = call.world
    if point["is_default"]:
        raise bad_request("the default access point cannot be deleted")
    if point["status"] in (_POINT_DELETED, _POINT_FAILED):
        raise bad_request("the access point is deleted")
    # It no longer belongs to its VPC, which can be deleted from now on.
    deleted = point.without("vpc_id").with_public(updated_at=format_time(world.now()))
    deleted = ACCESS_POINTS.go_through(world, deleted, [(_POINT_DELETED, _POINT_DELETED_S), ("", 0.0)])
    shown = {**deleted.public, "vpc_id": point["vpc_id"]}
    action = _action(world, SHARES.store(world)[point["share_id"]], "DELETE_ACCESS_POINT", point["id"])
    return {"access_point": shown, **action}


OPERATIONS = {
    "nfs_list": SHARES.list(region="region"),
    "nfs_get": SHARES.on(_in_region),
    "nfs_create": SHARES.create(),
    "nfs_delete": SHARES.on(_delete_share),
    "nfs_create_action": SHARES.on(_start_action),
    "nfs_list_snapshot": SNAPSHOTS.list(region="region", share_id="share_id"),
    "nfs_get_snapshot": SNAPSHOTS.on(_in_region),
    "nfs_delete_snapshot": SNAPSHOTS.on(_delete_snapshot),
    "nfs_create_access_point": SHARES.on(_create_access_point),
    "nfs_list_access_points": SHARES.on(_list_access_points),
    "nfs_get_access_point": ACCESS_POINTS.get(),
    "nfs_delete_access_point": ACCESS_POINTS.on(_delete_access_point),
}
EFFECTS = {
    f"{SHARES.kind}.{_ACTIVE}": _activate_share,
    f"{SHARES.kind}.removed": _remove_parts,
    "nfs.action": _finish_action,
}
