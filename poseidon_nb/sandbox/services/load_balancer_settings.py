"""The settings of load balancers: read and checked, with the specification's defaults.

Not documented, chosen here: the messages of 422s. Each entry port is used by one rule. Encrypted entry traffic needs a
certificate of the account or TLS passthrough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import LOAD_BALANCER_NODES
from poseidon_nb.sandbox.call import MAX_PORT, check_type, optional_field, required_field
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.responses import unprocessable

if TYPE_CHECKING:
    from collections.abc import Collection as Words

    from poseidon_nb.sandbox.world import World

#: The only regions that still use named sizes.
_REGIONS_WITH_NAMED_SIZES = frozenset({"ams2", "nyc2", "sfo1"})
_MAX_NODES = 100
_MIN_IDLE_S, _MAX_IDLE_S = 30, 600
_ENTRY_PROTOCOLS = ("http", "https", "http2", "http3", "tcp", "udp")
_TARGET_PROTOCOLS = ("http", "https", "http2", "tcp", "udp")
_ENCRYPTED_PROTOCOLS = ("https", "http2", "http3")
_FLAGS = (
    "redirect_http_to_https",
    "enable_proxy_protocol",
    "enable_backend_keepalive",
    "disable_lets_encrypt_dns_records",
)
_HEALTH_CHECK = {
    "protocol": "http",
    "port": 80,
    "path": "/",
    "check_interval_seconds": 10,
    "response_timeout_seconds": 5,
    "unhealthy_threshold": 5,
    "healthy_threshold": 3,
}
#: The settings of a global load balancer, as the specification has them.
_GLOBAL_FIELDS = (
    Field(
        "domains",
        default=[],
        closed=True,
        fields=(
            Field("name", type="string", required=True, minimum=1),
            Field("is_managed", type="boolean"),
            Field("certificate_id", type="string"),
        ),
    ),
    Field(
        "glb_settings",
        default={},
        closed=True,
        fields=(
            Field("target_protocol", type="string", choices=("http", "https", "http2")),
            Field("target_port", type="integer", minimum=1, maximum=MAX_PORT),
            Field("cdn", type="object", fields=(Field("is_enabled", type="boolean"),), closed=True),
            Field("region_priorities", type="object"),
            Field("failover_threshold", type="integer", minimum=0, maximum=100),
        ),
    ),
)
#: Settings that cannot change after the creation, with the default first.
IMMUTABLE_FIELDS = {
    "network": ("EXTERNAL", "INTERNAL"),
    "network_stack": ("IPV4", "DUALSTACK"),
    "type": ("REGIONAL", "REGIONAL_NETWORK", "GLOBAL"),
}


def read_settings(world: World, body: dict[str, Any], region: str, *, is_global: bool = False) -> dict[str, Any]:
    """Read the settings of a body, with defaults for missing ones.

    A global load balancer has no forwarding rules: Terraform's acceptance tests and doctl send none, although the
    specification requires them.
    """
    settings: dict[str, Any] = {
        **_size(body, region),
        "algorithm": _choice(body, "algorithm", ("round_robin", "least_connections")),
        "forwarding_rules": []
        if is_global and not optional_field(body, "forwarding_rules", "array")
        else read_rules(world, body),
        "health_check": _health_check(optional_field(body, "health_check", "object") or {}),
        "sticky_sessions": _sticky_sessions(optional_field(body, "sticky_sessions", "object") or {}),
    }
    for flag in _FLAGS:
        settings[flag] = bool(optional_field(body, flag, "boolean"))
    settings["http_idle_timeout_seconds"] = _integer(
        body, "http_idle_timeout_seconds", _MIN_IDLE_S, _MAX_IDLE_S, default=60
    )
    settings["firewall"] = _firewall(optional_field(body, "firewall", "object") or {})
    settings["tls_cipher_policy"] = _choice(body, "tls_cipher_policy", ("DEFAULT", "STRONG"))
    return settings


def read_global_settings(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Read the domains and the forwarding of a global load balancer."""
    sent = optional_field(body, "glb_settings", "object") or {}
    # godo sends empty values for those that are not set.
    known = {name: value for name, value in sent.items() if value not in ("", 0)}
    read = read_fields(_GLOBAL_FIELDS, {**body, "glb_settings": known})
    for region, priority in read["glb_settings"].get("region_priorities", {}).items():
        check_type(f"glb_settings.region_priorities.{region}", priority, "integer")
    for domain in read["domains"]:
        _check_certificate(world, domain.get("certificate_id"))
    return read


def _check_certificate(world: World, id_: str | None) -> None:
    if id_ and id_ not in world.certificates:
        raise unprocessable(f"Certificate {id_} not found.")


def read_rules(world: World, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Read and check the forwarding rules of a body."""
    rules = [_parse_rule(world, rule) for rule in required_field(body, "forwarding_rules", "array")]
    return check_rules(rules)


def check_rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the forwarding rules, or raise 422 if there are none or two share an entry port."""
    if not rules:
        raise unprocessable("A load balancer needs at least one forwarding rule.")
    entries = [(rule["entry_protocol"] == "udp", rule["entry_port"]) for rule in rules]
    for entry, rule in zip(entries, rules, strict=True):
        if entries.count(entry) > 1:
            raise unprocessable(f"Two forwarding rules have the entry port {rule['entry_port']}.")
    return rules


def read_rule_keys(body: dict[str, Any]) -> set[tuple[str, int, str, int]]:
    """Return the keys of a body's rules without checking whether the rules would be valid."""
    keys = set()
    for rule in required_field(body, "forwarding_rules", "array"):
        check_type("a forwarding rule", rule, "object")
        for end in ("entry", "target"):
            required_field(rule, f"{end}_protocol", "string")
            required_field(rule, f"{end}_port", "integer")
        keys.add(rule_key(rule))
    return keys


def rule_key(rule: dict[str, Any]) -> tuple[str, int, str, int]:
    """Return what identifies a forwarding rule."""
    return rule["entry_protocol"], rule["entry_port"], rule["target_protocol"], rule["target_port"]


def _parse_rule(world: World, rule: Any) -> dict[str, Any]:
    check_type("a forwarding rule", rule, "object")
    for end in ("entry", "target"):
        required_field(rule, f"{end}_protocol", "string")
        required_field(rule, f"{end}_port", "integer")
    entry, target = (
        _choice(rule, "entry_protocol", _ENTRY_PROTOCOLS),
        _choice(rule, "target_protocol", _TARGET_PROTOCOLS),
    )
    if (entry == "udp") != (target == "udp"):
        raise unprocessable("Either both ends of a forwarding rule use udp, or neither does.")
    certificate_id = optional_field(rule, "certificate_id", "string") or ""
    passed_through = bool(optional_field(rule, "tls_passthrough", "boolean"))
    _check_certificate(world, certificate_id)
    if entry in _ENCRYPTED_PROTOCOLS and not certificate_id and not passed_through:
        raise unprocessable(f"A forwarding rule for {entry} needs a certificate_id or tls_passthrough.")
    return {
        "entry_protocol": entry,
        "entry_port": _integer(rule, "entry_port", 1, MAX_PORT),
        "target_protocol": target,
        "target_port": _integer(rule, "target_port", 1, MAX_PORT),
        "certificate_id": certificate_id,
        "tls_passthrough": passed_through,
    }


def _size(body: dict[str, Any], region: str) -> dict[str, Any]:
    size, unit = optional_field(body, "size", "string"), optional_field(body, "size_unit", "integer")
    if size is not None and unit is not None and LOAD_BALANCER_NODES.get(size) != unit:
        # Both are in responses, which clients send back.
        raise unprocessable("size and size_unit cannot be combined.")
    if unit is not None and region in _REGIONS_WITH_NAMED_SIZES:
        raise unprocessable(f"Load balancers in {region} need size instead of size_unit.")
    if size is not None:
        unit = LOAD_BALANCER_NODES[_choice(body, "size", tuple(LOAD_BALANCER_NODES))]
    else:
        unit = _integer(body, "size_unit", 1, _MAX_NODES, default=1)
    named = {nodes: name for name, nodes in LOAD_BALANCER_NODES.items()}
    return {"size_unit": unit, "size": named[unit]} if unit in named else {"size_unit": unit}


def _health_check(requested: dict[str, Any]) -> dict[str, Any]:
    check: dict[str, Any] = {"protocol": _choice(requested, "protocol", ("http", "https", "tcp"))}
    check["port"] = _integer(requested, "port", 1, MAX_PORT, default=80)
    # TCP has no path.
    if check["protocol"] != "tcp":
        check["path"] = optional_field(requested, "path", "string") or "/"
    for name, minimum, maximum in (
        ("check_interval_seconds", 3, 300),
        ("response_timeout_seconds", 3, 300),
        ("unhealthy_threshold", 2, 10),
        ("healthy_threshold", 2, 10),
    ):
        check[name] = _integer(requested, name, minimum, maximum, default=_HEALTH_CHECK[name])
    return check


def _sticky_sessions(requested: dict[str, Any]) -> dict[str, Any]:
    type_ = _choice(requested, "type", ("none", "cookies"))
    if type_ == "none":
        return {"type": type_}
    return {
        "type": type_,
        "cookie_name": required_field(requested, "cookie_name", "string"),
        "cookie_ttl_seconds": required_field(requested, "cookie_ttl_seconds", "integer"),
    }


def _firewall(requested: dict[str, Any]) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for name in ("deny", "allow"):
        rules[name] = optional_field(requested, name, "array") or []
        for rule in rules[name]:
            check_type(f"an item of {name}", rule, "string")
            if not rule.startswith(("ip:", "cidr:")):
                raise unprocessable(f"{rule} is not a valid rule. Use for example ip:1.2.3.4 or cidr:1.2.0.0/16.")
    return rules


def _choice(body: dict[str, Any], name: str, words: Words[str]) -> str:
    """Return a field that must be one of some words; the first word is the default."""
    value = optional_field(body, name, "string") or next(iter(words))
    if value not in words:
        raise unprocessable(f"{name} must be one of {', '.join(words)}.")
    return str(value)


def read_immutable(body: dict[str, Any], name: str) -> str:
    """Return a setting that cannot change later."""
    return _choice(body, name, IMMUTABLE_FIELDS[name])


def _integer(body: dict[str, Any], name: str, minimum: int, maximum: int, *, default: Any = None) -> int:
    value = optional_field(body, name, "integer")
    number: int = default if value is None else value
    if not minimum <= number <= maximum:
        raise unprocessable(f"{name} must be from {minimum} to {maximum}.")
    return number
