"""Uptime checks, and what they find.

A check that looks at something of this account finds what is there: a name is followed through the account's records to
an address, and an address of a droplet is up while the droplet is ``active``. A name of ours that leads nowhere is down;
whatever is outside of this account is up. What changed is seen when somebody looks, and dated to that moment. All
regions see the same.

A missing field answers 400 in the words of digitalocean/openapi#775. Not settled by any source, chosen here: other bad
values answer 400 too; a new check, and one that looks at something else from now on, says ``CHECKING`` for the first
minute; a disabled one keeps the state it had; without an outage the previous one is empty.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poseidon_nb.sandbox import chance
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import answer, bad_request, no_content, not_found
from poseidon_nb.sandbox.services.domain_records import domain_of, full_name, records_of
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_TYPES = ("ping", "http", "https")
_REGIONS = ("us_east", "us_west", "eu_west", "se_asia")
_FIELDS = ("name", "type", "target", "regions", "enabled")
_FIRST_S = 60.0
_MONTH_S = 30 * 86_400.0
_OUTAGES_KEPT = 20
_ALIASES_MOST = 8
#: Where the sandbox's own public IPv4 addresses are, 198.18.0.0/15.
_OWN_START = ("198.18.", "198.19.")


def check_object(id_: str, **fields: Any) -> dict[str, Any]:
    """Give a check as the API shows it."""
    return {"id": id_, **{name: fields[name] for name in _FIELDS}}


def unseen(world: World) -> dict[str, Any]:
    """Give what is kept of a check that has not found anything yet."""
    now = world.now()
    return {"status": "CHECKING", "since": now, "first_due": now + _FIRST_S / world.speed}


def find_check(call: Call) -> Record:
    """Give the check in the request's path."""
    check = call.world.uptime_checks.get(call.names["check_id"])
    if check is None:
        raise not_found()
    return check


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    if not fields["name"]:
        raise bad_request("name must not be empty")
    if fields["type"] not in _TYPES:
        raise bad_request(f"type must be one of {', '.join(_TYPES)}")
    if not fields["regions"] or not set(fields["regions"]) <= {*_REGIONS}:
        raise bad_request(f"regions must be some of {', '.join(_REGIONS)}")
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


# --- what a check finds ----------------------------------------------------------------------------------------------
def reachable(world: World, host: str) -> bool:
    """Say whether something answers under a name or an address."""
    for _ in range(_ALIASES_MOST):
        if _is_address(host):
            return _answers(world, host)
        domain = domain_of(world, host)
        if domain is None:
            return True
        parent = host.partition(".")[2]
        records = records_of(world, domain["name"])
        found = [record for record in records if full_name(record) == host]
        found = found or [record for record in records if full_name(record) == f"*.{parent}"]
        addresses = [record["data"] for record in found if record["type"] in {"A", "AAAA"}]
        if addresses:
            return any(_answers(world, address) for address in addresses)
        aliases = [record["data"] for record in found if record["type"] == "CNAME"]
        if not aliases:
            return False
        host = domain["name"] if aliases[0] == "@" else aliases[0].lower()
    return False


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False


def _answers(world: World, address: str) -> bool:
    for droplet in world.droplets.listed():
        networks = droplet["networks"]
        if any(network["ip_address"] == address for network in (*networks["v4"], *networks["v6"])):
            return bool(droplet["status"] == "active")
    if address in world.reserved_ips or any(one.shown.get("ip") == address for one in world.load_balancers.listed()):
        return True
    return not address.startswith(_OWN_START)


def _looked_at(world: World, check: Record) -> Record:
    """Look at what a check looks at, and keep what changed."""
    now, kept = world.now(), check.kept
    if not check["enabled"] or now < kept["first_due"]:
        return check
    status = "UP" if reachable(world, _host(check["target"]).lower()) else "DOWN"
    if status == kept["status"]:
        return check
    since = kept["first_due"] if kept["status"] == "CHECKING" else now
    outages = kept.get("outages", [])
    if kept["status"] == "DOWN":
        outages = [*outages, [kept["since"], now]][-_OUTAGES_KEPT:]
    check = check.keeping(status=status, since=since, outages=outages)
    world.uptime_checks.put(check["id"], check)
    return check


def _state(world: World, check: Record) -> dict[str, Any]:
    now, kept = world.now(), check.kept
    outages = kept.get("outages", [])
    lately = [*outages, *([[kept["since"], now]] if kept["status"] == "DOWN" else [])]
    down_s = sum(max(0.0, end - max(start, now - _MONTH_S)) for start, end in lately)
    region = {
        "status": kept["status"],
        "status_changed_at": stamp(kept["since"]),
        "thirty_day_uptime_percentage": round(100 * (1 - down_s / _MONTH_S), 2),
    }
    previous: dict[str, Any] = {"region": "", "started_at": "", "ended_at": "", "duration_seconds": 0}
    if outages:
        start, end = outages[-1]
        previous = {
            "region": check["regions"][0],
            "started_at": stamp(start),
            "ended_at": stamp(end),
            "duration_seconds": int(end) - int(start),
        }
    return {"regions": dict.fromkeys(check["regions"], region), "previous_outage": previous}


# --- operations ------------------------------------------------------------------------------------------------------
def list_checks(call: Call) -> Reply:
    """Answer ``uptime_list_checks``."""
    return call.page("checks", "check", call.world.uptime_checks.listed())


def get_check(call: Call) -> Reply:
    """Answer ``uptime_get_check``."""
    return call.one("check", find_check(call))


def get_state(call: Call) -> Reply:
    """Answer ``uptime_get_checkState``."""
    return answer(200, state=_state(call.world, _looked_at(call.world, find_check(call))))


def create_check(call: Call) -> Reply:
    """Answer ``uptime_create_check``."""
    world = call.world
    fields = _checked({name: call.body[name] for name in _FIELDS})
    id_ = chance.uuid(world.seed, "check", world.count("uptime_checks"))
    check = Record(check_object(id_, **fields), unseen(world))
    world.uptime_checks.put(id_, check)
    return call.one("check", check, status=201)


def update_check(call: Call) -> Reply:
    """Answer ``uptime_update_check``: what is left out stays."""
    world, check = call.world, find_check(call)
    asked = {name: call.body[name] for name in _FIELDS if call.body.get(name) is not None}
    fields = _checked({**check.shown, **asked})
    _looked_at(world, check)
    changed = world.uptime_checks[check["id"]].showing(**fields)
    if any(changed[name] != check[name] for name in ("type", "target", "regions")):
        changed = changed.keeping(**unseen(world))
    world.uptime_checks.put(check["id"], changed)
    return call.one("check", changed)


def delete_check(call: Call) -> Reply:
    """Answer ``uptime_delete_check``: its alerts go with it."""
    id_ = find_check(call)["id"]
    for alert in [*call.world.uptime_alerts.listed()]:
        if alert.kept["check"] == id_:
            call.world.uptime_alerts.remove(alert["id"])
    call.world.uptime_checks.remove(id_)
    return no_content()


OPERATIONS = {
    "uptime_list_checks": list_checks,
    "uptime_get_check": get_check,
    "uptime_get_checkState": get_state,
    "uptime_create_check": create_check,
    "uptime_update_check": update_check,
    "uptime_delete_check": delete_check,
}
