"""Access keys of Spaces.

Spaces are not simulated, so a grant may name any bucket. The secret is in the response to the creation only. From the
specification: with a ``fullaccess`` grant all other grants are dropped, and a sort parameter needs a direction.

Not documented, chosen here: the format of both keys, which is that of the service, and that the secret is fabricated. A
grant other than ``fullaccess`` needs a bucket. Names need not be unique.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, respond
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_FULL_ACCESS = "fullaccess"
_PERMISSIONS = ("read", "readwrite", _FULL_ACCESS)
_DIRECTIONS = ("asc", "desc")


def _access_key(world: World, kind: str, number: int) -> str:
    return f"DO{rng.digest(world.seed, kind, number)[:18].upper()}"


def _new_key(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    public = {"access_key": id_, **values, "created_at": format_time(at)}
    return StoredObject(public, {"once": {"secret_key": rng.digest(world.seed, "spaces secret", id_) + id_[:11]}})


def _check_grants(_call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    grants = values.get("grants", [])
    full = [grant for grant in grants if grant["permission"] == _FULL_ACCESS]
    if full:
        values["grants"] = [{"bucket": "", "permission": _FULL_ACCESS}]
    elif not all(grant["bucket"] for grant in grants):
        raise bad_request("a grant must name a bucket")


KEYS = Resource(
    "spaces_keys",
    fields=(
        Field("name", minimum=1),
        Field(
            name="grants",
            default=[],
            fields=(
                Field("bucket", type="string", default=""),
                Field("permission", type="string", required=True, choices=_PERMISSIONS),
            ),
        ),
    ),
    id_field="access_key",
    new_id=_access_key,
    build=_new_key,
    check=_check_grants,
)


def _list_keys(call: Call) -> HTTPResponse:
    query = call.query
    keys = KEYS.all(call.world)
    if query.get("name"):
        keys = [key for key in keys if key.public.get("name") == query["name"]]
    for name in ("bucket", "permission"):
        if query.get(name):
            keys = [key for key in keys if any(grant[name] == query[name] for grant in key["grants"])]
    sort, direction = query.get("sort"), query.get("sort_direction")
    if sort:
        if direction not in _DIRECTIONS:
            raise bad_request(f"sort_direction must be one of {', '.join(_DIRECTIONS)}")
        keys = sorted(keys, key=lambda key: str(key.public.get(sort, "")), reverse=direction == "desc")
    return respond(call, keys)


OPERATIONS = {
    "spacesKey_list": _list_keys,
    "spacesKey_get": KEYS.get(),
    "spacesKey_create": KEYS.create(),
    "spacesKey_update": KEYS.update(replace=True),
    "spacesKey_patch": KEYS.update(),
    "spacesKey_delete": KEYS.delete(),
}
