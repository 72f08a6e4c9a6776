"""Functions: namespaces, the triggers in them, and their access keys. No function can be uploaded or run.

From the specification: a trigger is ``SCHEDULED`` by cron, an access key lives for hours (``12h``) or days (``7d``), its
secret is in the response to the creation only, and its name is used once (409). From doctl: a trigger may name a function
that does not exist, and a region is a data center or one of its short names (``nyc``).

Not documented, chosen here: the limits of namespaces and triggers, with the specification's messages; the last and the
next run of an enabled trigger follow from its schedule, in UTC. Hosts, keys and secrets are fabricated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.cron import parse_cron
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, respond, unprocessable
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, HOUR_S, format_time, parse_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_CENTERS = ("ams3", "blr1", "fra1", "lon1", "nyc1", "nyc3", "sfo3", "sgp1", "syd1", "tor1")
_REGIONS = (*_CENTERS, *dict.fromkeys(center[:3] for center in _CENTERS))
_MAX_NAMESPACES, _MAX_TRIGGERS = 10, 10
_LIFETIME = re.compile(r"0*([1-9][0-9]{0,4})([hd])")


def _new_namespace(world: World, id_: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    center = next(center for center in _CENTERS if center.startswith(values["region"]))
    return {
        "api_host": f"https://faas-{center}-{rng.digest(world.seed, 'functions', center)[:8]}.doserverless.co",
        "namespace": id_,
        "created_at": format_time(at),
        "updated_at": format_time(at),
        "label": values["label"],
        "region": center,
        "uuid": id_.removeprefix("fn-"),
        "key": rng.digest(world.seed, "functions key", id_) + rng.digest(world.seed, "functions key", id_, 2),
    }


def _check_namespace(call: Call, _values: dict[str, Any], _present: StoredObject | None) -> None:
    if len(NAMESPACES.store(call.world)) >= _MAX_NAMESPACES:
        raise unprocessable("namespace limit reached")


NAMESPACES = Resource(
    "function_namespaces",
    fields=(Field("region", choices=_REGIONS), Field("label", minimum=1)),
    id_field="namespace",
    new_id=lambda world, kind, number: f"fn-{rng.uuid(world.seed, kind, number)}",
    build=_new_namespace,
    check=_check_namespace,
)


def _show_trigger(call: Call, trigger: StoredObject) -> StoredObject:
    """Return a trigger with its namespace and its runs."""
    now, since = call.world.now(), parse_time(trigger["updated_at"])
    cron = parse_cron(trigger["scheduled_details"]["cron"]) if trigger["is_enabled"] else None
    last, following = (None, None) if cron is None else (cron.last_run(now), cron.next_run(now))
    runs = {
        "last_run_at": format_time(last) if last is not None and last > since else None,
        "next_run_at": None if following is None else format_time(following),
    }
    return trigger.with_public(namespace=trigger.internal["parent"], scheduled_runs=runs)


def _check_trigger(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    if present is None and len(TRIGGERS.all(call.world, TRIGGERS.parent_key(call))) >= _MAX_TRIGGERS:
        raise unprocessable("triggers limit reached")
    cron = values.get("scheduled_details", {}).get("cron")
    if cron is not None and parse_cron(cron) is None:
        raise bad_request("validating create trigger: validation error: invalid cron expression")


TRIGGERS = Resource(
    "function_namespaces.triggers",
    fields=(
        Field("name", minimum=1, unique=True, fixed=True),
        Field("function", minimum=1, fixed=True),
        Field("type", choices=("SCHEDULED",), fixed=True),
        Field("is_enabled"),
        Field(
            "scheduled_details",
            fields=(
                Field("cron", type="string", required=True),
                Field("body", type="object", fields=(Field("name", type="string"),)),
            ),
        ),
    ),
    parent=NAMESPACES,
    id_field="name",
    check=_check_trigger,
    updated_field="updated_at",
    show=_show_trigger,
)


def _new_key(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    lifetime = values.pop("expires_in", None)
    expires_at = None
    if lifetime is not None:
        number, unit = _LIFETIME.fullmatch(lifetime).groups()  # type: ignore[union-attr]  # the field's pattern
        expires_at = format_time(at + int(number) * {"h": HOUR_S, "d": DAY_S}[unit])
    times = {"expires_at": expires_at, "created_at": format_time(at), "updated_at": format_time(at)}
    return StoredObject(
        {"id": id_, **values, **times}, {"once": {"secret": f"fn_secret_{rng.digest(world.seed, 'secret', id_)}"}}
    )


KEYS = Resource(
    "function_namespaces.keys",
    fields=(
        Field("name", minimum=1, unique=True),
        Field("expires_in", pattern=_LIFETIME, rule="must be hours or days, such as 7d", fixed=True),
    ),
    parent=NAMESPACES,
    new_id=lambda world, kind, number: f"dof_v1_{rng.digest(world.seed, kind, number)}",
    build=_new_key,
    updated_field="updated_at",
)


def _list_keys(call: Call) -> HTTPResponse:
    keys = [one.public for one in KEYS.all(call.world, KEYS.parent_key(call))]
    return respond(call, {"access_keys": keys, "count": len(keys)})


def _delete_key(call: Call, key: StoredObject) -> dict[str, Any]:
    KEYS.remove(call.world, key)
    return {}


OPERATIONS = {
    "functions_list_namespaces": NAMESPACES.list(),
    "functions_create_namespace": NAMESPACES.create(),
    "functions_get_namespace": NAMESPACES.get(),
    "functions_delete_namespace": NAMESPACES.delete(),
    "functions_list_triggers": TRIGGERS.list(),
    "functions_create_trigger": TRIGGERS.create(),
    "functions_get_trigger": TRIGGERS.get(),
    "functions_update_trigger": TRIGGERS.update(),
    "functions_delete_trigger": TRIGGERS.delete(),
    "functionsAccessKey_list": _list_keys,
    "functionsAccessKey_create": KEYS.create(),
    "functionsAccessKey_update": KEYS.update(),
    "functionsAccessKey_delete": KEYS.on(_delete_key),
}
