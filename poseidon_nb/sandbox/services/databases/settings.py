"""Settings of clusters: configuration, eviction policy, SQL modes, autoscaling of storage, host names and trusted sources.

Names, types, ranges and defaults of the configuration are the specification's. Where it names no default, a new cluster has
the value of its example. The eviction policy and the SQL modes are part of the configuration too. From DigitalOcean's
documentation: up to 100 trusted sources, and no IPv6 addresses.

Not documented, chosen here: a trusted source that does not exist is refused, and removed when it is deleted. Storage does
not grow by itself, as nothing fills it.
"""

from __future__ import annotations

import functools
import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import parse_id
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.responses import no_content, unprocessable
from poseidon_nb.sandbox.services.databases import engines
from poseidon_nb.sandbox.services.databases.accounts import authority
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_POLICIES = ("noeviction", "allkeys_lru", "allkeys_random", "volatile_lru", "volatile_random", "volatile_ttl")
_SQL_MODE = re.compile(r"[A-Z_0-9]+(,[A-Z_0-9]+)*|")
_CNAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+")
_MAX_CNAME_LENGTH, _MAX_RULES = 253, 100
#: The stores of trusted sources, by their type.
_SOURCE_STORES = {"droplet": "droplets", "k8s": "kubernetes_clusters", "app": "apps", "tag": "tags"}

AUTOSCALE = Field(
    "autoscale",
    type="object",
    fields=(
        Field(
            "storage",
            type="object",
            fields=(
                Field("enabled", type="boolean", required=True),
                Field("threshold_percent", type="integer", default=80, minimum=15, maximum=95),
                Field("increment_gib", type="integer", default=10, minimum=10, maximum=500),
            ),
        ),
    ),
)
DO_SETTINGS = Field(
    "do_settings",
    type="object",
    fields=(Field("service_cnames", type="array", items="string", default=[], maximum=16),),
    closed=True,
)
_RULES = Field(
    "rules",
    type="array",
    default=[],
    maximum=_MAX_RULES,
    fields=(
        Field("uuid", type="string"),
        Field("type", type="string", required=True, choices=("ip_addr", *_SOURCE_STORES)),
        Field("value", type="string", required=True, minimum=1),
        Field("description", type="string"),
    ),
)


@functools.cache
def config_fields(name: str) -> tuple[Field, ...]:
    """Return the fields of a configuration, by the name of its engine, or ``topic``."""
    return tuple(_config_field(field, facts) for field, facts in load_data("database_config")[name].items())


def _config_field(name: str, facts: dict[str, Any] | list[Any]) -> Field:
    if isinstance(facts, dict):
        inner = tuple(_config_field(field, more) for field, more in facts.items())
        return Field(name, type="object", fields=inner)
    type_, _, minimum, maximum, choices = [*facts, None, None, None][:5]
    return Field(name, type=type_, minimum=minimum, maximum=maximum, choices=choices or ())


@functools.cache
def config_defaults(name: str) -> dict[str, Any]:
    """Return the values of a new configuration; they must not be changed."""
    return _defaults(load_data("database_config")[name])


def _defaults(facts: dict[str, Any]) -> dict[str, Any]:
    values = {name: _defaults(one) if isinstance(one, dict) else one[1] for name, one in facts.items()}
    return {name: value for name, value in values.items() if value is not None}


def read_config(name: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a configuration in a body, or raise 422. Unknown names are ignored, as everywhere."""
    return read_fields(config_fields(name), sent, "config.")


def _config(cluster: StoredObject) -> dict[str, Any]:
    merged = dict(config_defaults(engines.base_engine(cluster["engine"])))
    for name, value in cluster.internal["config"].items():
        merged[name] = {**merged.get(name, {}), **value} if isinstance(value, dict) else value
    return merged


def _get_config(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    return {"config": _config(cluster)}


def _patch_config(call: Call, cluster: StoredObject) -> None:
    changes = read_config(engines.base_engine(cluster["engine"]), call.body.get("config") or {})
    _store_config(call.world, cluster, changes)


def _store_config(world: World, cluster: StoredObject, changes: dict[str, Any]) -> None:
    config = dict(cluster.internal["config"])
    for name, value in changes.items():
        config[name] = {**config.get(name, {}), **value} if isinstance(value, dict) else value
    CLUSTERS.put(world, cluster.with_internal(config=config))


def _policy_name(cluster: StoredObject) -> tuple[str, str]:
    """Return the setting with the eviction policy, and what its values have instead of underscores."""
    engines.require(cluster, "eviction policies")
    return f"{cluster['engine']}_maxmemory_policy", "-" if cluster["engine"] == "redis" else "_"


def _get_policy(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    name, _ = _policy_name(cluster)
    return {"eviction_policy": cluster.internal["config"].get(name, _POLICIES[0]).replace("-", "_")}


def _set_policy(call: Call, cluster: StoredObject) -> HTTPResponse:
    name, sign = _policy_name(cluster)
    policy = Field("eviction_policy", choices=_POLICIES).read(call.body["eviction_policy"], "eviction_policy")
    _store_config(call.world, cluster, {name: policy.replace("_", sign)})
    return no_content()


def _get_sql_mode(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    engines.require(cluster, "SQL modes")
    return {"sql_mode": _config(cluster)["sql_mode"]}


def _set_sql_mode(call: Call, cluster: StoredObject) -> None:
    engines.require(cluster, "SQL modes")
    rule = "must be names of SQL modes with commas between them"
    mode = Field("sql_mode", pattern=_SQL_MODE, rule=rule).read(call.body["sql_mode"], "sql_mode")
    _store_config(call.world, cluster, {"sql_mode": mode})


def _get_autoscale(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    default = {"storage": {"enabled": False, "threshold_percent": 80, "increment_gib": 10}}
    return {"autoscale": cluster.internal["autoscale"] or default}


def _set_autoscale(call: Call, cluster: StoredObject) -> None:
    values = AUTOSCALE.read({name: call.body[name] for name in ("storage",) if call.body.get(name)}, "autoscale")
    CLUSTERS.put(call.world, cluster.with_internal(autoscale=values or cluster.internal["autoscale"]))


def check_cnames(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings of DigitalOcean's in a body, or raise 422 if a host name is invalid."""
    for name in settings.get("service_cnames", ()):
        if len(name) > _MAX_CNAME_LENGTH or not _CNAME.fullmatch(name):
            raise unprocessable(f"do_settings.service_cnames: {name} is not a valid host name.")
    return settings


def _get_do_settings(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    return {"do_settings": cluster["do_settings"]}


def _set_do_settings(call: Call, cluster: StoredObject) -> None:
    settings = check_cnames(DO_SETTINGS.read(call.body["do_settings"], "do_settings"))
    CLUSTERS.change(call.world, cluster, do_settings=settings)


def read_rules(call: Call) -> list[dict[str, Any]]:
    """Return the trusted sources of a body, or raise 422 if one does not exist."""
    rules: list[dict[str, Any]] = read_fields((_RULES,), call.body)["rules"]
    for rule in rules:
        type_, value = rule["type"], rule["value"]
        if type_ == "ip_addr":
            try:
                IPv4Network(value)
            except ValueError:
                raise unprocessable(f"rules.value: {value} is not an IPv4 address or range.") from None
        elif (_source_key(type_, value)) not in call.world.store(_SOURCE_STORES[type_]):
            raise unprocessable(f"rules.value: the {type_} {value} was not found.")
    return rules


def _source_key(type_: str, value: str) -> int | str | None:
    return parse_id(value) if type_ == "droplet" else value.lower() if type_ == "tag" else value


def with_rules(world: World, cluster: StoredObject, rules: list[dict[str, Any]], at: float) -> StoredObject:
    """Return a cluster with these trusted sources. Those that it has already keep their ids and times."""
    present = {(one["type"], one["value"]): one for one in cluster.internal.get("rules", ())}
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for rule in rules:
        key = rule["type"], rule["value"]
        number = 0 if key in present else world.next_number("database rules")
        new = {
            "uuid": rng.uuid(world.seed, "database rule", number),
            "cluster_uuid": cluster["id"],
            "created_at": format_time(at),
        }
        described = {name: rule[name] for name in ("description",) if rule.get(name)}
        kept = {name: value for name, value in present.get(key, new).items() if name != "description"}
        made[key] = {**kept, "type": key[0], "value": key[1], **described}
    return cluster.with_internal(rules=[*made.values()])


def _list_rules(_call: Call, cluster: StoredObject) -> dict[str, Any]:
    return {"rules": cluster.internal.get("rules", [])}


def _set_rules(call: Call, cluster: StoredObject) -> None:
    CLUSTERS.put(call.world, with_rules(call.world, cluster, read_rules(call), call.world.now()))


def _remove_source(type_: str) -> Callable[[World, float, Any], None]:
    def remove(world: World, _at: float, key: Any) -> None:
        for cluster in CLUSTERS.all(world):
            rules = cluster.internal.get("rules", [])
            rest = [one for one in rules if one["type"] != type_ or _source_key(type_, one["value"]) != key]
            if len(rest) < len(rules):
                CLUSTERS.put(world, cluster.with_internal(rules=rest))

    return remove


def _get_ca(call: Call, _cluster: StoredObject) -> dict[str, Any]:
    return {"ca": {"certificate": authority(call.world).encoded_certificate}}


_CREDENTIALS = Field(
    "credentials",
    fields=(
        Field("basic_auth_username", type="string", required=True, minimum=1),
        Field("basic_auth_password", type="string", required=True, minimum=1),
    ),
)


def _get_credentials(call: Call) -> HTTPResponse:
    world = call.world
    stored = world.store("database_metrics").get("credentials")
    if stored is None:
        password = rng.digest(world.seed, "database metrics")[:16]
        stored = StoredObject({"basic_auth_username": "metrics-user", "basic_auth_password": password})
    return call.respond("credentials", stored)


def _set_credentials(call: Call) -> HTTPResponse:
    sent = _CREDENTIALS.read(call.body.get("credentials") or {}, "credentials")
    public = {field.name: sent[field.name] for field in _CREDENTIALS.fields}
    call.world.store("database_metrics").put("credentials", StoredObject(public))
    return no_content()


OPERATIONS = {
    "databases_get_config": CLUSTERS.on(_get_config),
    "databases_patch_config": CLUSTERS.on(_patch_config),
    "databases_get_evictionPolicy": CLUSTERS.on(_get_policy),
    "databases_update_evictionPolicy": CLUSTERS.on(_set_policy),
    "databases_get_sql_mode": CLUSTERS.on(_get_sql_mode),
    "databases_update_sql_mode": CLUSTERS.on(_set_sql_mode),
    "databases_get_autoscale": CLUSTERS.on(_get_autoscale),
    "databases_update_autoscale": CLUSTERS.on(_set_autoscale),
    "databases_get_do_settings": CLUSTERS.on(_get_do_settings),
    "databases_update_do_settings": CLUSTERS.on(_set_do_settings),
    "databases_list_firewall_rules": CLUSTERS.on(_list_rules),
    "databases_update_firewall_rules": CLUSTERS.on(_set_rules),
    "databases_get_ca": CLUSTERS.on(_get_ca),
    "databases_get_cluster_metrics_credentials": _get_credentials,
    "databases_update_cluster_metrics_credentials": _set_credentials,
}
EFFECTS = {
    "droplet.deleted.databases": _remove_source("droplet"),
    "tag.deleted.databases": _remove_source("tag"),
    "kubernetes_clusters.removed.databases": _remove_source("k8s"),
    "apps.removed.databases": _remove_source("app"),
}
