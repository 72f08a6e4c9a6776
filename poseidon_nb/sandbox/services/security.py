"""Security scans of the account (CSPM), their findings, suppressions and the coverage of plans.

A scan is in progress, and then has the findings that the account really has: droplets without backups or firewall, rules that
are too open, database clusters without trusted sources, load balancers without a redirect. From the specification: a finding
is about a rule, whose id is the id of the finding; before the first scan the latest one is ``SCAN_NOT_RUN``; a resource can be
excluded from future scans, and suppressed for one rule.

Not documented, chosen here: the rules with their texts, apart from the names of two of them, and how long a scan takes. Only
one scan runs at a time (409). As long as no plan names a resource or a tag, everything is scanned, and afterwards only that.
A suppression counts for past scans too. ``type`` is the type of the resources, or CSPM for all. An unknown resource or rule
answers 404. The latest scan is first in the list. Downgrades of plans happen at once, so none is ever pending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import convert
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPResponse, bad_request, conflict, not_found, page_links, page_of, respond
from poseidon_nb.sandbox.services.firewalls import protected_droplets
from poseidon_nb.sandbox.services.projects import exists
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_IN_PROGRESS, _COMPLETED = "IN_PROGRESS", "COMPLETED"
_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
_ALL_TYPES = "cspm"
_SSH_PORT = 22
#: The words in URNs of the types of resources.
_TYPES = {"Droplet": "droplet", "Database": "dbaas", "Load Balancer": "loadbalancer"}
#: The only key of the store with the settings.
_SETTINGS = "settings"
_NO_COVERAGE: dict[str, Any] = {"basic": {"resources": [], "tags": []}}


def _rules() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = load_data("security_rules")
    return rules


def _rule_id(world: World, rule: dict[str, Any]) -> str:
    return rng.uuid(world.seed, "security rule", rule["key"])


def _without_backups(world: World) -> Iterable[StoredObject]:
    return (droplet for droplet in world.droplets.all() if "backups" not in droplet["features"])


def _without_firewall(world: World) -> Iterable[StoredObject]:
    known = {id_ for firewall in world.firewalls.all() for id_ in protected_droplets(world, firewall.public)}
    return (droplet for droplet in world.droplets.all() if droplet["id"] not in known)


def _behind_open_rule(world: World, is_open: Callable[[dict[str, Any]], bool]) -> Iterable[StoredObject]:
    found: set[int] = set()
    for firewall in world.firewalls.all():
        if any(
            is_open(rule) and _ANYWHERE.intersection(rule["sources"].get("addresses", ()))
            for rule in firewall["inbound_rules"]
        ):
            found |= protected_droplets(world, firewall.public)
    return (droplet for droplet in world.droplets.all() if droplet["id"] in found)


def _opens_all(rule: dict[str, Any]) -> bool:
    return rule["protocol"] != "icmp" and rule["ports"] in {"0", "all", "1-65535"}


def _opens_ssh(rule: dict[str, Any]) -> bool:
    first, _, last = rule["ports"].partition("-")
    return rule["protocol"] == "tcp" and first.isdigit() and 0 < int(first) <= _SSH_PORT <= int(last or first)


def _without_redirect(world: World) -> Iterable[StoredObject]:
    return (
        balancer
        for balancer in world.load_balancers.all()
        if not balancer["redirect_http_to_https"]
        and any(rule["entry_protocol"] == "http" for rule in balancer["forwarding_rules"])
    )


#: By the key of a rule, what it finds.
_CHECKS: dict[str, Callable[[World], Iterable[StoredObject]]] = {
    "open_ports": lambda world: _behind_open_rule(world, _opens_all),
    "open_database": lambda world: (one for one in world.store("databases").all() if not one.internal.get("rules")),
    "backups": _without_backups,
    "no_firewall": _without_firewall,
    "open_ssh": lambda world: _behind_open_rule(world, _opens_ssh),
    "no_https_redirect": _without_redirect,
}


def _show_scan(call: Call, scan: StoredObject) -> StoredObject:
    """Return a scan whose findings lack what is suppressed."""
    findings = [
        {**finding, "affected_resources_count": len(affected)}
        for finding in scan["findings"]
        if (affected := _affected(call.world, scan, finding["rule_uuid"]))
    ]
    return scan.with_public(findings=findings)


def _affected(world: World, scan: StoredObject, rule_id: str) -> list[dict[str, str]]:
    suppressed = {one.internal["urn"] for one in SUPPRESSIONS.all(world, rule_uuid=rule_id)}
    return [one for one in scan.internal["affected"].get(rule_id, ()) if one["urn"] not in suppressed]


SCANS = Resource(
    "security_scans",
    build=lambda _world, id_, _values, at: StoredObject(
        {"id": id_, "created_at": format_time(at), "findings": []}, {"affected": {}}
    ),
    show=_show_scan,
    states=States(first=((_IN_PROGRESS, 60.0),), ready=_COMPLETED),
    label="scan",
)
SUPPRESSIONS = Resource(
    "security_suppressions",
    build=lambda _world, id_, values, _at: StoredObject(
        {"id": id_, **{name: value for name, value in values.items() if name != "urn"}}, {"urn": values["urn"]}
    ),
)


def _finish_scan(world: World, at: float, id_: str) -> None:
    scan, findings = SCANS.store(world)[id_], []
    affected: dict[str, list[dict[str, str]]] = {}
    is_covered = _coverage_test(world)
    for rule in _rules():
        rule_id, word = _rule_id(world, rule), _TYPES[rule["type"]]
        found = [(f"do:{word}:{one['id']}", one) for one in _CHECKS[rule["key"]](world)]
        covered = [(urn, one) for urn, one in found if is_covered(urn, one)]
        if covered:
            affected[rule_id] = [{"urn": urn, "name": one["name"], "type": rule["type"]} for urn, one in covered]
            texts = {name: value for name, value in rule.items() if name not in {"key", "type"}}
            findings.append({"rule_uuid": rule_id, **texts, "found_at": format_time(at)})
    SCANS.put(world, scan.with_public(findings=findings).with_internal(affected=affected))


def _coverage_test(world: World) -> Callable[[str, StoredObject], bool]:
    """Return the function that tells, from a URN and a resource, whether a scan includes it."""
    settings = _settings(world)
    tiers = settings["tier_coverage"].values()
    urns = {urn for tier in tiers for urn in tier["resources"]}
    tags = {tag.lower() for tier in tiers for tag in tier["tags"]}
    excluded = {*settings["excluded"]}

    def is_covered(urn: str, one: StoredObject) -> bool:
        tagged = any(tag.lower() in tags for tag in one.public.get("tags") or ())
        return urn not in excluded and (not (urns or tags) or urn in urns or tagged)

    return is_covered


def _settings(world: World) -> dict[str, Any]:
    record = world.store("security_settings").get(_SETTINGS)
    return {"tier_coverage": _NO_COVERAGE, "excluded": []} if record is None else record.public


def _put_settings(world: World, **changes: Any) -> None:
    world.store("security_settings").put(_SETTINGS, StoredObject({**_settings(world), **changes}))


def _create_scan(call: Call) -> StoredObject | HTTPResponse:
    if any(scan["status"] == _IN_PROGRESS for scan in SCANS.all(call.world)):
        raise conflict("A scan is in progress.")
    return SCANS.create()(call)


def _list_scans(call: Call) -> HTTPResponse:
    return respond(call, [SCANS.shown(call, scan) for scan in reversed(SCANS.all(call.world))])


def _get_latest(call: Call) -> HTTPResponse:
    scans = SCANS.all(call.world)
    if not scans:
        return respond(call, {"scan": {"id": "", "status": "SCAN_NOT_RUN", "findings": []}})
    return respond(call, _with_wanted_findings(call, SCANS.shown(call, scans[-1])))


def _get_scan(call: Call) -> HTTPResponse:
    return respond(call, _with_wanted_findings(call, SCANS.shown(call, SCANS.find(call))))


def _with_wanted_findings(call: Call, scan: StoredObject) -> StoredObject:
    """Return a scan with the page of its findings that a query asks for."""
    severity, type_ = ((call.query.get(name) or "").lower() for name in ("severity", "type"))
    if severity.upper() not in {"", *_SEVERITIES}:
        raise bad_request(f"severity must be one of {', '.join(_SEVERITIES)}")
    types = {_rule_id(call.world, rule): rule["type"].lower() for rule in _rules()}
    findings = [
        one
        for one in scan["findings"]
        if severity in {"", one["severity"].lower()} and type_ in {"", _ALL_TYPES, types[one["rule_uuid"]]}
    ]
    return scan.with_public(findings=page_of(call, findings))


def _list_affected(call: Call, scan: StoredObject) -> list[StoredObject]:
    rule_id = call.path_params["finding_uuid"]
    if not any(finding["rule_uuid"] == rule_id for finding in SCANS.shown(call, scan)["findings"]):
        raise not_found()
    return [StoredObject(one) for one in page_of(call, [*_affected(call.world, scan, rule_id)])]


def _exclude(call: Call) -> HTTPResponse:
    urn = call.body.get("resource")
    if not urn:
        raise bad_request("resource is required")
    _check_exist(call.world, [urn])
    _put_settings(call.world, excluded=[*dict.fromkeys([*_settings(call.world)["excluded"], urn])])
    return respond(call, None)


def _check_exist(world: World, urns: Iterable[str]) -> None:
    if not all(exists(world, urn) for urn in urns):
        raise not_found()


def _update_plan(call: Call) -> HTTPResponse:
    sent = call.body.get("tier_coverage")
    if not sent:
        raise bad_request("tier_coverage is required")
    tiers = {name: dict(_read_tier(name, tier)) for name, tier in sent.items()}
    _check_exist(call.world, [urn for tier in tiers.values() for urn in tier["resources"]])
    _put_settings(call.world, tier_coverage=tiers)
    return respond(call, {"tier_coverage": tiers})


def _read_tier(name: str, tier: Any) -> Iterator[tuple[str, list[str]]]:
    tier = convert(f"tier_coverage.{name}", tier, "object")
    for field in ("resources", "tags"):
        items = convert(f"tier_coverage.{name}.{field}", tier.get(field) or [], "array")
        yield field, [convert(f"an item of {field}", item, "string") for item in items]


def _suppress(call: Call) -> HTTPResponse:
    world, urns = call.world, call.body.get("resources") or []
    rule = next((one for one in _rules() if _rule_id(world, one) == call.body.get("rule_uuid")), None)
    if not urns:
        raise bad_request("resources is required")
    if rule is None:
        raise not_found()
    _check_exist(world, urns)
    rule_id = _rule_id(world, rule)
    present = {one.internal["urn"]: one for one in SUPPRESSIONS.all(world, rule_uuid=rule_id)}
    rows = []
    for urn in dict.fromkeys(urns):
        _, word, name = urn.split(":", 2)
        type_ = next((type_ for type_, one in _TYPES.items() if one == word), word)
        values = {"rule_uuid": rule_id, "rule_name": rule["name"], "resource_id": name, "resource_type": type_}
        rows.append(present.get(urn) or SUPPRESSIONS.add(world, {**values, "urn": urn}, world.now()))
    return respond(call, _suppressed(call, rows))


def _suppressed(call: Call, rows: list[StoredObject]) -> dict[str, Any]:
    page = [one.public for one in page_of(call, rows)]
    return {"resources": page, "meta": {"total": len(rows)}, "links": page_links(call, len(rows))}


def _list_settings(call: Call) -> HTTPResponse:
    rows = [one for one in SUPPRESSIONS.all(call.world) if exists(call.world, one.internal["urn"])]
    return respond(
        call,
        {
            "settings": {"suppressions": _suppressed(call, rows)},
            "tier_coverage": {
                name: {**tier, "resources": [urn for urn in tier["resources"] if exists(call.world, urn)]}
                for name, tier in _settings(call.world)["tier_coverage"].items()
            },
            "plan_downgrades": {},
        },
    )


OPERATIONS = {
    "security_list_scans": _list_scans,
    "security_create_scan": _create_scan,
    "security_get_scan": _get_scan,
    "security_get_latest_scan": _get_latest,
    "security_list_scan_finding_affected_resources": SCANS.on(_list_affected),
    "security_create_scan_rule": _exclude,
    "security_list_settings": _list_settings,
    "security_update_settings_plan": _update_plan,
    "security_create_suppression": _suppress,
    "security_delete_suppression": SUPPRESSIONS.delete(),
}
EFFECTS = {f"{SCANS.kind}.{_COMPLETED}": _finish_scan}
