"""Uptime checks, their results, and their alerts. Nobody is notified.

A check of a host in this account sees the account's state. Its name is resolved through the account's records to an
address, and a droplet's address is up while the droplet is ``active``. A name of the account that does not resolve is
down; everything outside of the account is up. A change is noticed when the state is requested, and dated to that
moment. All regions have the same result.

A missing field answers 400 with the message of digitalocean/openapi#775. Not documented, chosen here: invalid values
answer 400 too. A new check, or one with a new target, is ``CHECKING`` for the first minute. A disabled check keeps its
state. Without an outage the previous outage is empty. Alerts of type ``latency`` and ``ssl_expiry`` need a threshold
and a comparison, which other types keep if they are given. An alert needs a recipient.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import check_type, optional_field, required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, respond
from poseidon_nb.sandbox.services.domains import find_domain_of_host, full_name, is_address, records_of
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_CHECK_TYPES = ("ping", "http", "https")
_REGIONS = ("us_east", "us_west", "eu_west", "se_asia")
_FIELDS = ("name", "type", "target", "regions", "enabled")
_FIRST_CHECK_S = 60.0
_MONTH_S = 30 * 86_400.0
_MAX_OUTAGES = 20
_MAX_ALIASES = 8
#: The start of the sandbox's own public IPv4 addresses, 198.18.0.0/15.
_OWN_PREFIXES = ("198.18.", "198.19.")
_ALERT_TYPES = ("latency", "down", "down_global", "ssl_expiry")
_TYPES_WITH_THRESHOLD = frozenset({"latency", "ssl_expiry"})
_COMPARISONS = ("greater_than", "less_than")
_PERIODS = ("2m", "3m", "5m", "10m", "15m", "30m", "1h")


_CHECKS = Resource("uptime_checks")


def check_object(id_: str, **fields: Any) -> dict[str, Any]:
    """Return a check in the format of the API."""
    return {"id": id_, **{name: fields[name] for name in _FIELDS}}


def initial_state(world: World) -> dict[str, Any]:
    """Return the internal data of a check without results."""
    now = world.now()
    return {"status": "CHECKING", "since": now, "first_due": now + _FIRST_CHECK_S / world.speed}


def _validated_fields(fields: dict[str, Any]) -> dict[str, Any]:
    if not fields["name"]:
        raise bad_request("name must not be empty")
    if fields["type"] not in _CHECK_TYPES:
        raise bad_request(f"type must be one of {', '.join(_CHECK_TYPES)}")
    if not fields["regions"] or not set(fields["regions"]) <= {*_REGIONS}:
        raise bad_request(f"regions must be one or more of {', '.join(_REGIONS)}")
    if not _host(fields["target"]):
        raise bad_request("target must be an address or a URL")
    if fields["type"] != "ping" and not fields["target"].lower().startswith(f"{fields['type']}://"):
        raise bad_request(f"target must start with {fields['type']}://")
    return fields


def _host(target: str) -> str:
    try:
        host = urlsplit(target if "://" in target else f"//{target}").hostname or ""
    except ValueError:
        return ""
    return "" if any(letter.isspace() for letter in host) else host


def is_reachable(world: World, host: str) -> bool:
    """Return whether a host name or address is up."""
    for _ in range(_MAX_ALIASES):
        if is_address(socket.AF_INET, host) or is_address(socket.AF_INET6, host):
            return _is_up(world, host)
        domain = find_domain_of_host(world, host)
        if domain is None:
            return True
        parent = host.partition(".")[2]
        records = records_of(world, domain["name"])
        found = [record for record in records if full_name(record) == host]
        found = found or [record for record in records if full_name(record) == f"*.{parent}"]
        addresses = [record["data"] for record in found if record["type"] in {"A", "AAAA"}]
        if addresses:
            return any(_is_up(world, address) for address in addresses)
        aliases = [record["data"] for record in found if record["type"] == "CNAME"]
        if not aliases:
            return False
        host = domain["name"] if aliases[0] == "@" else aliases[0].lower()
    return False


def _is_up(world: World, address: str) -> bool:
    for droplet in world.droplets.all():
        networks = droplet["networks"]
        if any(network["ip_address"] == address for network in (*networks["v4"], *networks["v6"])):
            return bool(droplet["status"] == "active")
    if address in world.reserved_ips or any(one.public.get("ip") == address for one in world.load_balancers.all()):
        return True
    return not address.startswith(_OWN_PREFIXES)


def _run_check(world: World, check: StoredObject) -> StoredObject:
    """Run a check and store a changed result."""
    now, internal = world.now(), check.internal
    if not check["enabled"] or now < internal["first_due"]:
        return check
    status = "UP" if is_reachable(world, _host(check["target"]).lower()) else "DOWN"
    if status == internal["status"]:
        return check
    since = internal["first_due"] if internal["status"] == "CHECKING" else now
    outages = internal.get("outages", [])
    if internal["status"] == "DOWN":
        outages = [*outages, [internal["since"], now]][-_MAX_OUTAGES:]
    check = check.with_internal(status=status, since=since, outages=outages)
    world.uptime_checks.put(check["id"], check)
    return check


def _state_object(world: World, check: StoredObject) -> dict[str, Any]:
    now, internal = world.now(), check.internal
    outages = internal.get("outages", [])
    recent = [*outages, *([[internal["since"], now]] if internal["status"] == "DOWN" else [])]
    down_s = sum(max(0.0, end - max(start, now - _MONTH_S)) for start, end in recent)
    region = {
        "status": internal["status"],
        "status_changed_at": format_time(internal["since"]),
        "thirty_day_uptime_percentage": round(100 * (1 - down_s / _MONTH_S), 2),
    }
    previous: dict[str, Any] = {"region": "", "started_at": "", "ended_at": "", "duration_seconds": 0}
    if outages:
        start, end = outages[-1]
        previous = {
            "region": check["regions"][0],
            "started_at": format_time(start),
            "ended_at": format_time(end),
            "duration_seconds": int(end) - int(start),
        }
    return {"regions": dict.fromkeys(check["regions"], region), "previous_outage": previous}


def _get_state(call: Call, check: StoredObject) -> dict[str, Any]:
    return {"state": _state_object(call.world, _run_check(call.world, check))}


def create_check(call: Call) -> HTTPResponse:
    """Handle ``uptime_create_check``."""
    world = call.world
    fields = _validated_fields({name: call.body[name] for name in _FIELDS})
    id_ = rng.uuid(world.seed, "check", world.next_number("uptime_checks"))
    check = StoredObject(check_object(id_, **fields), initial_state(world))
    world.uptime_checks.put(id_, check)
    return call.respond("check", check, status=201)


def _update_check(call: Call, check: StoredObject) -> StoredObject:
    """Change a check. Missing fields stay."""
    world = call.world
    requested = {name: call.body[name] for name in _FIELDS if call.body.get(name) is not None}
    fields = _validated_fields({**check.public, **requested})
    _run_check(world, check)
    changed = world.uptime_checks[check["id"]].with_public(**fields)
    if any(changed[name] != check[name] for name in ("type", "target", "regions")):
        changed = changed.with_internal(**initial_state(world))
    return _CHECKS.put(world, changed)


def _delete_check(call: Call, check: StoredObject) -> None:
    """Delete a check with its alerts."""
    for alert in _list_alerts(call, check):
        _ALERTS.remove(call.world, alert)
    _CHECKS.remove(call.world, check)


def alert_object(id_: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return an alert in the format of the API from a request's body, or raise 400 for invalid values."""
    alert: dict[str, Any] = {"id": id_, "name": body["name"], "type": body["type"]}
    if body["type"] not in _ALERT_TYPES:
        raise bad_request(f"type must be one of {', '.join(_ALERT_TYPES)}")
    if body["period"] not in _PERIODS:
        raise bad_request(f"period must be one of {', '.join(_PERIODS)}")
    for field in ("threshold", "comparison"):
        if body.get(field) is not None:
            alert[field] = body[field]
        elif body["type"] in _TYPES_WITH_THRESHOLD:
            raise bad_request(f"missing required field '{field}'")
    if alert.get("comparison", _COMPARISONS[0]) not in _COMPARISONS:
        raise bad_request(f"comparison must be one of {', '.join(_COMPARISONS)}")
    return {**alert, "notifications": _notifications(body["notifications"]), "period": body["period"]}


def _notifications(requested: dict[str, Any]) -> dict[str, Any]:
    mails: list[Any] = optional_field(requested, "email", "array") or []
    channels: list[Any] = optional_field(requested, "slack", "array") or []
    for mail in mails:
        check_type("an email", mail, "string")
        if "@" not in mail:
            raise bad_request("email must be a list of email addresses")
    for channel in channels:
        check_type("an item of slack", channel, "object")
    slack = [{name: required_field(channel, name, "string") for name in ("channel", "url")} for channel in channels]
    if not mails and not slack:
        raise bad_request("notifications must have an email or a slack channel")
    return {"email": mails, "slack": slack}


def _lookup_alert(call: Call) -> StoredObject | None:
    check, alert = _CHECKS.find(call), call.world.uptime_alerts.get(call.path_params["alert_id"])
    return alert if alert is not None and alert.internal["check"] == check["id"] else None


_ALERTS = Resource("uptime_alerts", lookup=_lookup_alert)


def _list_alerts(call: Call, check: StoredObject) -> list[StoredObject]:
    return [alert for alert in _ALERTS.all(call.world) if alert.internal["check"] == check["id"]]


def _create_alert(call: Call, check: StoredObject) -> HTTPResponse:
    world, public = call.world, alert_object("", call.body)
    id_ = rng.uuid(world.seed, "alert", world.next_number("uptime_alerts"))
    return respond(call, _ALERTS.put(world, StoredObject({**public, "id": id_}, {"check": check["id"]})))


def _update_alert(call: Call, alert: StoredObject) -> StoredObject:
    """Replace the whole alert."""
    return _ALERTS.put(call.world, StoredObject(alert_object(alert["id"], call.body), alert.internal))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "uptime_list_checks": _CHECKS.list(),
    "uptime_get_check": _CHECKS.get(),
    "uptime_get_checkState": _CHECKS.on(_get_state),
    "uptime_create_check": create_check,
    "uptime_update_check": _CHECKS.on(_update_check),
    "uptime_delete_check": _CHECKS.on(_delete_check),
    "uptime_list_alerts": _CHECKS.on(_list_alerts),
    "uptime_get_alert": _ALERTS.get(),
    "uptime_create_alert": _CHECKS.on(_create_alert),
    "uptime_update_alert": _ALERTS.on(_update_alert),
    "uptime_delete_alert": _ALERTS.delete(),
}
