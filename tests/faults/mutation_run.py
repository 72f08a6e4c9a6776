"""Read everything in an account with responses that were changed at random, and compare what is shown with what was sent.

::

    python tests/faults/mutation_run.py --mutations 5000 --seed 1      # by hand, a minute
    python tests/faults/mutation_run.py --mutations 1 --first 17 --seed 1

Each mutation takes the response of one GET, changes one place in it, and reads it. Responses are the sandbox's, or samples
made from the specification where that simulates nothing. What must not be:

- ``raw``: an exception that is no one-line `PoseidonError`.
- ``wrong``: a cell that is not what was sent, or a row that was not sent.
- ``silent``: a row or a cell that is missing, although no error or warning tells of it.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

import pandas as pd

from poseidon_nb.catalogue import operation
from poseidon_nb.client.client import connect
from poseidon_nb.commands.generic.derive import account_operations
from poseidon_nb.errors import PoseidonError, ResponseWarning
from poseidon_nb.frames.builders import frame_from_pages
from poseidon_nb.frames.schemas import RESOURCES, get_table
from poseidon_nb.frames.tolerance import UnreadValues
from poseidon_nb.masking import MASK
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.transport.responses import NOT_JSON, Response
from tests.contract.samples import Samples
from tests.faults.mutations import mutated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import poseidon_nb as po

KINDS = ("raw", "wrong", "silent")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
STEP = re.compile(r"(\w+)(?:\[(\w+)=(\w+)\])?")
UNREAD = object()
#: What may be masked in a frame without a table.
SECRETS = {line.rpartition(".")[2] for line in (ROOT / "tests/contract/secret_fields.txt").read_text().splitlines()}
SECRET_TEXT = re.compile(r"://[^/]*@|PRIVATE KEY|token=|[Ss]ignature=|slack\.com|client-key-data")


def recorded(sandbox: Sandbox) -> list[tuple[str, dict[str, str], Any]]:
    """Return the operations that have a table, with the path and the JSON of one response of each."""
    found = []
    with connect(sandbox) as client:
        ids = _ids(client)
        for name in RESOURCES:
            wanted = operation(name)
            path = {parameter.name: ids.get(parameter.name) for parameter in wanted.path_parameters}
            if wanted.method != "GET" or None in path.values():
                continue
            try:
                answer = client.api("GET", wanted.path.format(**path))
            except PoseidonError:
                continue
            found.append((name, path, answer))
    return found


def sampled(without: set[str]) -> list[tuple[str, dict[str, str], Any]]:
    """Return all other GET operations with a path and a sample of their JSON, made from the specification."""
    samples = Samples()
    found = []
    for name in account_operations():
        wanted = operation(name)
        answer = samples.response(name) if wanted.method == "GET" and name not in without | NOT_JSON else None
        if isinstance(answer, dict | list) and answer:
            path = {parameter.name: "7" for parameter in wanted.path_parameters}
            found.append((name, path, _without_pages(answer)))
    return found


def _without_pages(answer: Any) -> Any:
    """Return a sample without the pages and the total that it states and does not have."""
    return (
        {name: value for name, value in answer.items() if name not in {"links", "meta"}}
        if isinstance(answer, dict)
        else answer
    )


def _ids(client: po.Client) -> dict[str, Any]:
    droplet, snapshot = client.droplets.by_name("web-1"), client.snapshots.list()[0]
    firsts = {
        "domain_name": ("domains_list", "name"),
        "firewall_id": ("firewalls_list", "id"),
        "image_id": ("images_list", "id"),
        "invoice_uuid": ("invoices_list", "invoice_uuid"),
        "lb_id": ("loadBalancers_list", "id"),
        "project_id": ("projects_list", "id"),
        "reserved_ip": ("reservedIPs_list", "ip"),
        "ssh_key_identifier": ("sshKeys_list", "id"),
        "tag_id": ("tags_list", "name"),
        "volume_id": ("volumes_list", "id"),
        "vpc_id": ("vpcs_list", "id"),
    }
    found = {"droplet_id": droplet.id, "snapshot_id": snapshot.id, "action_id": client.actions.list()[0].id}
    for parameter, (listed, key) in firsts.items():
        try:
            rows = client.call(listed)
        except PoseidonError:
            continue
        rows = rows if isinstance(rows, list) else next((one for one in rows.values() if isinstance(one, list)), [])
        if rows:
            found[parameter] = rows[0][key]
    return found


def cell(row: Any, column: Any) -> Any:
    """Return what a column should hold for a row, read in plain Python; `UNREAD` if that is not in its type."""
    result: Any = None
    for path in column.path.split("|"):
        result = _converted(_at(row, path), column, path)
        if result is not UNREAD and result not in (None, "", []):
            return result
    return result


def _at(row: Any, path: str) -> Any:
    value = row
    for name, by, wanted in STEP.findall(path):
        if value is None:
            return None
        if isinstance(value, str) and name == "slug":
            # The region of an action may be its slug.
            return value
        if not isinstance(value, dict):
            return UNREAD
        value = value.get(name)
        if by and value is not None:
            if not isinstance(value, list):
                return UNREAD
            value = next((one for one in value if isinstance(one, dict) and one.get(by) == wanted), None)
    return value


def _converted(value: Any, column: Any, path: str) -> Any:  # noqa: C901, PLR0911  # a case each
    if value is None or value is UNREAD:
        return value
    if column.dtype == "list":
        return value if isinstance(value, list) else UNREAD
    if column.dtype == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower(), UNREAD)
    if isinstance(value, bool):
        return UNREAD
    if column.dtype in {"Int64", "float64"}:
        return _number(value, column)
    leaf = path.rpartition(".")[2]
    if isinstance(value, int) and column.dtype == "string" and (leaf == "id" or leaf.endswith("_id")):
        return str(value)
    if not isinstance(value, str):
        return UNREAD
    if column.dtype == "string":
        return value
    if not value:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return UNREAD
    return time.astimezone(UTC) if time.tzinfo else UNREAD


def _number(value: Any, column: Any) -> Any:
    if isinstance(value, str):
        if not value and column.as_text:
            return None
        if not NUMBER.fullmatch(value):
            return UNREAD
        value = float(value) if column.dtype == "float64" or "." in value or "e" in value.lower() else int(value)
    if not isinstance(value, int | float):
        return UNREAD
    if column.dtype == "Int64":
        return int(value) if float(value).is_integer() and -(2**63) <= value < 2**63 else UNREAD
    return float(value)


class Served:
    """Stands in place of the connection to the service, and answers with given bytes."""

    loopback = True

    def __init__(self) -> None:
        self.body = b""

    def close(self) -> None:
        """Close nothing."""

    def send(self, _request: Any, **_: Any) -> Response:
        return Response(200, {"content-type": "application/json"}, self.body)


def judge(
    client: po.Client, served: Served, name: str, path: dict[str, str], body: bytes, answer: Any
) -> dict[str, str]:
    """Return what is wrong with what a client makes of a response, by kind."""
    served.body = body
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ResponseWarning)
            required = {one.name: "7" for one in operation(name).query_parameters if one.required}
            frame = client.call(name, path=path, query=required, frame=True)
    except PoseidonError as error:
        message = str(error)
        return {"raw": f"more than one line: {message!r}"} if "\n" in message or not message.isprintable() else {}
    except Exception as error:  # noqa: BLE001  # that is what is looked for
        return {"raw": f"{type(error).__name__}: {error}"}
    warned = " ".join(str(one.message) for one in told)
    if answer is None:
        return {"wrong": "a frame of bytes that are no JSON"}
    if name in CHOICES:
        return _compared_choices(name, frame, answer, warned)
    if name not in RESOURCES:
        return _compared_without_table(name, frame, answer, warned)
    return _as_pages(name, body, frame) or _compared(name, frame, answer, warned)


def _as_pages(name: str, body: bytes, frame: pd.DataFrame) -> dict[str, str]:
    """Return what differs if the bytes are read without objects between, as the lists of the client are."""
    if name == "droplets_list_backup_policies":
        return {}
    try:
        unread = UnreadValues(RESOURCES[name])
        other = frame_from_pages(RESOURCES[name], [body], key=operation(name).response_key, unread=unread)
        pd.testing.assert_frame_equal(other, frame)
    except (AssertionError, PoseidonError) as error:
        return {"wrong": f"bytes and rows differ: {error}"}
    return {}


def _compared(name: str, frame: pd.DataFrame, answer: Any, warned: str) -> dict[str, str]:
    key = operation(name).response_key
    if key and not (isinstance(answer, dict) and key in answer):
        return {"silent": f"the response has no {key}, and that is not told"}
    rows = _rows(name, answer[key] if key else answer)
    objects = [row for row in rows if isinstance(row, dict)]
    if len(objects) != len(rows) and not re.search(r"\brows? could not be read", warned):
        return {"silent": "a row that is no object"}
    expected = _expected(name, objects)
    if len(frame) != len(expected):
        return {"wrong": f"{len(frame)} rows instead of {len(expected)}"}
    total = _stated(answer) if operation(name).paginated else None
    changed = "changed while it was read" in warned
    if total is not None and total != len(expected) + len(rows) - len(objects) and not changed:
        return {"silent": f"{total} were stated, {len(expected)} are shown"}
    for place, column in enumerate(get_table(RESOURCES[name]).columns):
        for shown, row in zip(frame[column.name], expected, strict=True):
            if found := _cell_finding(column, shown, row[place], warned):
                return found
    return {}


def _database_choices(options: Any) -> Iterator[dict[str, Any]]:
    for engine, offer in options["options"].items():
        for version in _list(offer["versions"]):
            dates = (options.get("version_availability") or {}).get(engine) or []
            found = next((one for one in reversed(_list(dates)) if one.get("version") == version), {})
            default = (
                found.get("default") if offer.get("default_version") is None else version == offer["default_version"]
            )
            for layout in _list(offer["layouts"]):
                yield (
                    {**found, "engine": engine, "version": version, "default": default}
                    | layout
                    | {"regions": offer.get("regions")}
                )


def _kubernetes_choices(options: Any) -> Iterator[dict[str, Any]]:
    slugs = {name: [one.get("slug") for one in _list(options[name])] for name in ("regions", "sizes")}
    return ({**version, **slugs} for version in _list(options["versions"]))


def _registry_choices(options: Any) -> Iterator[dict[str, Any]]:
    for tier in _list(options["subscription_tiers"]):
        prices = {
            "price_usd_month": tier.get("monthly_price_in_cents"),
            "storage_overage_usd": tier.get("storage_overage_price_in_cents"),
        }
        in_usd = {name: cents / 100 if type(cents) in {int, float} else cents for name, cents in prices.items()}
        yield {**tier, **in_usd, "regions": options.get("available_regions")}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


#: How the rows of a table of choices follow from the response, and the name of the table.
CHOICES: dict[str, tuple[str, Callable[[Any], Iterator[dict[str, Any]]]]] = {
    "databases_list_options": ("database_options", _database_choices),
    "kubernetes_list_options": ("kubernetes_options", _kubernetes_choices),
    "registries_get_options": ("registry_options", _registry_choices),
    "registry_get_options": ("registry_options", _registry_choices),
}


def _compared_choices(name: str, frame: pd.DataFrame, answer: Any, warned: str) -> dict[str, str]:
    """Return what differs in a table of choices, whose rows are made of one nested object."""
    key = operation(name).response_key
    table, choices = CHOICES[name]
    try:
        rows = [*choices(answer[key] if key else answer)]
    except (KeyError, TypeError, AttributeError, ValueError):
        # Some object or list has another type, or is missing.
        return {} if "could not be read" in warned else {"silent": "not all choices are there, and that is not told"}
    if len(frame) != len(rows):
        return {"wrong": f"{len(frame)} rows instead of {len(rows)}"}
    for column in get_table(table).columns:
        for shown, row in zip(frame[column.name], rows, strict=True):
            if found := _cell_finding(column, shown, cell(row, column), warned):
                return found
    return {}


def _compared_without_table(name: str, frame: pd.DataFrame, answer: Any, warned: str) -> dict[str, str]:
    """Return what differs in a frame whose columns are those of the response."""
    key = operation(name).response_key
    keys = (key, f"{key}s", key.removesuffix("s")) if key and isinstance(answer, dict) else ()
    held = next((answer[one] for one in keys if one in answer), answer)
    rows = held if isinstance(held, list) else [] if held is None else [held]
    if len(rows) == 1 and isinstance(rows[0], dict) and "data" in rows[0] and "status" in rows[0]:
        return {}  # metrics, which have a row for each reading
    objects = all(isinstance(row, dict) for row in rows)
    # Objects that occur twice are shown once.
    rows = _distinct(rows) if objects else rows
    if len(frame) != len(rows):
        return {"wrong": f"{len(frame)} rows instead of {len(rows)}"}
    for row, (_, shown) in zip(rows, frame.iterrows(), strict=False):
        for field, value in row.items() if objects else ():
            if field not in shown and not (isinstance(value, dict) and _is_flattened(field, value, shown)):
                return {"silent": f"{field} is missing"}
            if isinstance(value, str | bool | int) and not _shows(shown[field], value, field):
                return {"wrong": f"{field} is {shown[field]!r} instead of {value!r}"}
    return {}


def _is_flattened(field: str, value: dict[str, Any], shown: Any) -> bool:
    return all(f"{field}_{name}" in shown or f"{field}.{name}" in shown for name in value)


def _distinct(rows: list[Any]) -> list[Any]:
    identified = {
        row["id"] if isinstance(row.get("id"), str | int) else f"row {number}": row
        for number, row in reversed([*enumerate(rows)])
    }
    return [*reversed(identified.values())]


def _shows(shown: Any, value: Any, field: str) -> bool:
    if isinstance(shown, str) and MASK in shown:
        return field in SECRETS or SECRET_TEXT.search(str(value)) is not None
    if isinstance(shown, pd.Timestamp):
        # Frames have microseconds.
        return isinstance(value, str) and abs(shown - pd.Timestamp(value)) < pd.Timedelta(microseconds=1)
    return bool(shown == value)


def _rows(name: str, found: Any) -> list[Any]:
    if name == "droplets_list_backup_policies" and isinstance(found, dict):
        return [*found.values()]
    return found if isinstance(found, list) else [] if found is None else [found]


def _expected(name: str, objects: list[dict[str, Any]]) -> list[list[Any]]:
    table = get_table(RESOURCES[name])
    expected = [[cell(row, column) for column in table.columns] for row in objects]
    if not table.distinct:
        return expected
    seen: set[Any] = set()
    kept = []
    for row in expected:
        identity = row[0] if isinstance(row[0], str | int) else None
        if identity is None or identity not in seen:
            kept.append(row)
        seen.add(identity)
    return kept


def _stated(answer: Any) -> int | None:
    meta = answer.get("meta") if isinstance(answer, dict) else None
    total = meta.get("total") if isinstance(meta, dict) else None
    return total if type(total) is int else None


def _is_told(column: Any, warned: str) -> bool:
    """Return whether a warning names the field of a column, or an object that holds it."""
    for path in re.sub(r"\[[^]]*\]", "", column.path).split("|"):
        steps = path.split(".")
        if any(f"of {'.'.join(steps[:end])!r} could not be read" in warned for end in range(1, len(steps) + 1)):
            return True
    return False


def _cell_finding(column: Any, shown: Any, wanted: Any, warned: str) -> dict[str, str]:
    name = column.name
    missing = not isinstance(shown, list) and bool(pd.isna(shown))
    if wanted is UNREAD or wanted is None:
        if not missing:
            return {"wrong": f"{name} is {shown!r}, and was not readable"}
        return {"silent": f"{name} is missing"} if wanted is UNREAD and not _is_told(column, warned) else {}
    return {"wrong": f"{name} is {shown!r} instead of {wanted!r}"} if missing or not _equal(shown, wanted) else {}


def _equal(shown: Any, wanted: Any) -> bool:
    if isinstance(wanted, datetime):
        return pd.Timestamp(shown) == pd.Timestamp(wanted)
    return bool(shown == wanted)


def run(mutations: int, seed: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Return how many findings of each kind there are, and a line for each of the first ones."""
    counts: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    lines: list[str] = []
    with Sandbox(seed=7) as sandbox:
        samples = recorded(sandbox)
        samples += sampled(without={name for name, *_ in samples})
        with connect(sandbox) as client:
            served = Served()
            session = client._connection.session
            session._http = served
            # A response that is no JSON is asked for again, after a wait.
            session.clock = _Hurried()
            for number in range(first, first + mutations):
                rng = random.Random(f"{seed}.{number}")
                name, path, answer = samples[rng.randrange(len(samples))]
                what, body, changed = mutated(answer, rng)
                for kind, why in judge(client, served, name, path, body, changed).items():
                    counts[kind] += 1
                    lines.append(f"{number}: {kind}: {name}: {what}: {why}")
    counts["operations"] = len(samples)
    return counts, lines


class _Hurried:
    """A clock whose waits are over at once."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.elapsed_s

    def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds

    def wait(self, event: Any, seconds: float) -> bool:
        self.elapsed_s += seconds
        return bool(event.is_set())


def run_from_command_line(
    what: str, text: str | None, run: Callable[[int, int, int], tuple[Counter[str], list[str]]], kinds: tuple[str, ...]
) -> int:
    """Run as many mutations or commands as the command line says, print the findings, and return the exit status."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(f"--{what}", dest="number", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help=f"the number of the first of the {what}")
    options = parser.parse_args()
    counts, lines = run(options.number, options.seed, options.first)
    print(*lines[:40], sep="\n")
    others = ", ".join(f"{count} {name}" for name, count in counts.items() if name not in kinds)
    print(f"{options.number} {what}, {others}:", *(f"{kind} {counts[kind]}" for kind in kinds))
    return int(any(counts[kind] for kind in kinds))


if __name__ == "__main__":
    raise SystemExit(run_from_command_line("mutations", __doc__, run, KINDS))
