"""What must hold of a sandbox's account, told from what its API shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from poseidon_nb.catalogue import Operation, operation, operation_ids
from poseidon_nb.masking import mask
from tests.faults.sandbox_known import LISTED_AT, name_of
from tests.faults.sandbox_requests import SENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    #: Answers GET of a path with a query: the status and the body.
    Get = Callable[[str, str], tuple[int, bytes]]

API = "https://api.digitalocean.com"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_URN = re.compile(r"do:(\w+):(.+)")
_OWN = ("id", "uuid")
_PAGE = 200


@dataclass
class View:
    """Everything that the API shows: each answer by its path."""

    answers: dict[str, Any] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    raw: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    findings: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def leaves(self) -> dict[str, list[tuple[str, Any]]]:
        """The `leaves` of each answer."""
        return {path: leaves(answer) for path, answer in self.answers.items()}


def look(get: Get) -> View:
    """Read all collections with all their pages, and what each thing has below it."""
    view = View()
    readers = [one for one in map(operation, operation_ids()) if one.server == API and one.method == "GET"]
    for one in sorted(readers, key=lambda one: one.path.count("{")):
        for path in _paths(one, view):
            needed = [parameter.name for parameter in one.query_parameters if parameter.required]
            if not needed:
                _read(get, view, one, path)
    return view


def _paths(one: Operation, view: View) -> Iterator[str]:
    paths = [""]
    for part in one.path.strip("/").split("/"):
        if not part.startswith("{"):
            paths = [f"{path}/{part}" for path in paths]
        else:
            paths = [f"{path}/{quote(str(name), safe='')}" for path in paths for name in _names(view, path, part[1:-1])]
    return iter(paths)


def _names(view: View, path: str, parameter: str) -> list[Any]:
    if path.endswith("/repositories"):
        path += "V2"
    answer = view.answers.get(LISTED_AT.get(path, path))
    if not isinstance(answer, dict):
        return []
    things = next((value for value in answer.values() if isinstance(value, list)), [])
    names = [name_of(thing, parameter) for thing in things[:30] if isinstance(thing, dict | str)]
    return [name for name in dict.fromkeys(names) if name is not None]


def _read(get: Get, view: View, one: Operation, path: str) -> None:
    if path == "/v2/droplets":
        # GPU droplets are a list of their own.
        view.answers["gpus"] = json.loads(get(path, f"type=gpus&per_page={_PAGE}")[1])
        view.operations["gpus"] = one
    status, body = get(path, f"per_page={_PAGE}" if one.paginated else "")
    view.raw[path] = status, body
    view.operations[path] = one
    if status >= 500:
        view.findings.append(("5xx", f"GET {path}: {status} {body!r:.300}"))
    if status != 200 or not body.startswith((b"{", b"[")):
        return
    answer = json.loads(body, parse_constant=lambda text: view.findings.append(("money", f"{path}: {text}")))
    if one.paginated and isinstance(answer, dict) and isinstance(answer.get("meta"), dict):
        rows = answer[one.response_key] or []
        total = answer["meta"]["total"]
        page = 1
        while len(rows) < total and page < 60:
            page += 1
            status, body = get(path, f"per_page={_PAGE}&page={page}")
            more = json.loads(body)[one.response_key] if status == 200 else None
            if not more:
                break
            rows += more
        if len(rows) != total:
            view.findings.append(("total", f"{path}: meta.total is {total}, and there are {len(rows)} rows"))
        twice = [key for key, count in Counter(json.dumps(row, sort_keys=True) for row in rows).items() if count > 1]
        if twice and one.id != "billingHistory_list":
            view.findings.append(("twice", f"{path}: {twice[0]:.200}"))
    view.answers[path] = answer


def leaves(value: Any) -> list[tuple[str, Any]]:
    """Return the path and value of everything in an answer that is neither object nor array."""
    found: list[tuple[str, Any]] = []
    _collect_leaves(value, "", found)
    return found


def _collect_leaves(value: Any, path: str, found: list[tuple[str, Any]]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _collect_leaves(inner, f"{path}.{name}", found)
    elif isinstance(value, list):
        for inner in value:
            _collect_leaves(inner, f"{path}[]", found)
    else:
        found.append((path, value))


def own_ids(view: View) -> set[str]:
    """Return the ids and names of all things that are shown as themselves."""
    found: set[str] = set()
    for path, answer in view.answers.items():
        names = (*_OWN, _OWN_AT.get(path, "id"))
        for value in answer.values() if isinstance(answer, dict) else ():
            for thing in value if isinstance(value, list) else [value]:
                if isinstance(thing, dict):
                    own = [str(thing[name]) for name in names if isinstance(thing.get(name), str | int)]
                    found.update(own, (text.rpartition(":")[2] for text in own))
    return found


#: Where things are shown under an id with another name.
_OWN_AT = {
    "/v2/monitoring/sinks": "urn",
    "/v2/gen-ai/evaluation_test_cases": "test_case_uuid",
    "/v2/gen-ai/evaluation_datasets": "dataset_uuid",
    "/v2/gen-ai/model_evaluation_runs": "eval_run_uuid",
    "/v2/gen-ai/model_evaluation_presets": "eval_preset_uuid",
}
#: Fields with ids of what may be gone, or is shown nowhere: the past, the team, and what the service alone knows.
_FREE = re.compile(
    "("
    + "|".join(
        (
            *(r"actions?(\[\])?\.resource_id", r"invoice_items\[\]\.resource_id", r"snapshots?(\[\])?\.resource_id"),
            *(
                r"(history|runs|agent_versions)\[\]\..*",
                r"\.run\..*",
                r"plans\[\]\.app_id",
                r"data_source_uuids?(\[\])?",
            ),
            *(
                "owner_id",
                "rule_uuid",
                "run_id",
                "invoice_uuid",
                "metric_uuid",
                "guardrail_uuid",
                "team_uuid",
                "repo_id",
            ),
        )
    )
    + ")$"
)
_ID = re.compile(r"(^|_)(id|uuid|urn)s?(\[\])?$|^members|^resources|^vpc")


def judge_references(view: View) -> Iterator[tuple[str, str]]:
    """Yield the fields with an id, URN or tag of nothing that is there."""
    own = own_ids(view)
    tags = {tag["name"].lower() for tag in view.answers.get("/v2/tags", {}).get("tags", ())}
    for path, found in view.leaves.items():
        for place, value in found:
            name = place.rpartition(".")[2]
            if name == "tags[]" and path.startswith(_TAGGED) and str(value).lower() not in tags:
                yield "reference", f"{path}: {place} {value} is not among the tags"
            if name in _OWN or value == "" or not _ID.search(name) or _FREE.search(place):
                continue
            urn = _URN.fullmatch(value) if isinstance(value, str) else None
            text = urn[2] if urn else str(value)
            is_id = type(value) is int or (isinstance(value, str) and (urn or _UUID.fullmatch(text)))
            if is_id and text not in own and not _is_named(view, urn, text):
                yield "reference", f"{path}: {place} {value} does not exist"


_TAGGED = (
    "/v2/droplets",
    "/v2/images",
    "/v2/volumes",
    "/v2/databases",
    "/v2/kubernetes",
    "/v2/firewalls",
    "/v2/load_balancers",
)


def _is_named(view: View, urn: re.Match[str] | None, text: str) -> bool:
    if urn is None:
        return False
    names = {"domain": ("/v2/domains", "domains", "name"), "reservedip": ("/v2/reserved_ips", "reserved_ips", "ip")}
    names |= {"floatingip": names["reservedip"], "reservedipv6": ("/v2/reserved_ipv6", "reserved_ipv6s", "ip")}
    path, key, name = names.get(urn[1].lower(), ("", "", ""))
    return any(thing[name] == text for thing in view.answers.get(path, {}).get(key, ()))


def judge_actions(view: View) -> Iterator[tuple[str, str]]:
    """Yield the things with more than one action in progress."""
    actions = view.answers["/v2/actions"]["actions"]
    pending = Counter((one["resource_type"], one["resource_id"]) for one in actions if one["status"] == "in-progress")
    yield from (("pending", f"{thing}: {count} actions in progress") for thing, count in pending.items() if count > 1)


_MIN_SECRET = 12
#: Half of what the API shows are times and regions of actions.
_WITHOUT_SECRETS = re.compile(r"/v2/(.+/)?actions")


def judge_secrets(view: View, once: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the fields with a secret that output does not mask, or that only the response to a creation may show.

    Parameters
    ----------
    view : View
        What the API shows.
    once : set of str
        The secrets in responses to creations that nothing shows again.
    """
    unmasked: dict[str, list[tuple[str, Any]]] = {}
    secrets = {SENT_SECRET}
    for path, answer in view.answers.items():
        shown = view.leaves[path]
        masked = answer if _WITHOUT_SECRETS.fullmatch(path) else mask(answer)
        unmasked[path] = shown if masked is answer else leaves(masked)
        if masked is not answer:
            secrets |= _masked_texts(shown, unmasked[path])
        yield from (("secret", f"{path}: {place} is shown again") for place, value in shown if value in once)
    hidden = re.compile("|".join(map(re.escape, secrets)))
    for path, found in unmasked.items():
        texts = [(place, value) for place, value in found if isinstance(value, str)]
        # Most answers have none, which one search tells.
        if hidden.search("\n".join(value for _, value in texts)):
            wrong = ((place, value) for place, value in texts if hidden.search(value))
            yield from (("secret", f"{path}: {place} shows a secret: {value:.60}") for place, value in wrong)


def _masked_texts(shown: list[tuple[str, Any]], unmasked: list[tuple[str, Any]]) -> set[str]:
    """Return the texts that output masks; the same text in another field of the answer does not count."""
    texts = Counter(value for _, value in shown if isinstance(value, str) and len(value) >= _MIN_SECRET)
    texts.subtract(value for _, value in unmasked if isinstance(value, str))
    return {value for value, number in texts.items() if number > 0}


_MONEY = re.compile(r"(amount|price|usd|balance|usage|cost|price_monthly|price_hourly)(_|$)")


def judge_money(view: View, past: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield amounts that cannot be, and invoices that do not add up or differ from what they were."""
    for path, found in view.leaves.items():
        for place, value in found:
            name = place.rpartition(".")[2]
            if _MONEY.search(name) and "billing_history" not in place and not path.endswith("/config"):
                try:
                    number = float(value or 0)
                except (TypeError, ValueError):
                    continue
                if not 0 <= number < 1e9 and name not in _MAY_BE_NEGATIVE:
                    yield "money", f"{path}: {place} {value}"
    yield from _judge_invoices(view, past)


def _judge_invoices(view: View, past: dict[str, Any]) -> Iterator[tuple[str, str]]:
    listed = view.answers["/v2/customers/my/invoices"]
    for invoice in [*listed["invoices"], listed["invoice_preview"]]:
        place = f"/v2/customers/my/invoices/{invoice['invoice_uuid']}"
        items = view.answers.get(place)
        if items is None:
            continue
        total = sum(round(float(item["amount"]) * 100) for item in items["invoice_items"])
        if total != round(float(invoice["amount"]) * 100):
            yield "money", f"{place}: the items are {total / 100}, the invoice {invoice['amount']}"
        if invoice is listed["invoice_preview"]:
            continue
        # A new name shows in all invoices.
        shown = [invoice, [{**item, "description": ""} for item in items["invoice_items"]]]
        before = past.setdefault(place, shown)
        if before != shown:
            changed = [pair for pair in zip(before[1], shown[1], strict=False) if pair[0] != pair[1]][:1]
            yield (
                "money",
                f"{place} of {invoice['invoice_period']}: {before[0]['amount']} is now {shown[0]['amount']} {len(before[1])} {len(shown[1])} {changed}",
            )


_MAY_BE_NEGATIVE = ("account_balance", "month_to_date_balance")


def judge_same(view: View, other: View, when: str) -> Iterator[tuple[str, str]]:
    """Yield what answers otherwise than before."""
    for path in view.raw.keys() | other.raw.keys():
        before, after = view.raw.get(path), other.raw.get(path)
        if before is None or after is None:
            yield "differs", f"{when}, {path} is {'missing' if after is None else 'new'}"
        elif before != after and _without_request(before[1]) != _without_request(after[1]):
            at = next((n for n, (a, b) in enumerate(zip(before[1], after[1], strict=False)) if a != b), 0)
            yield (
                "differs",
                f"{when}, {path}: {before[1][max(0, at - 80) : at + 80]!r} is {after[1][max(0, at - 80) : at + 80]!r}",
            )


def _without_request(body: bytes) -> bytes:
    return re.sub(rb'"request_id":"[^"]*"', b"", body)
