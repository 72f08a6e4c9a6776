"""Random requests to the sandbox, over all operations of the specification.

Half of the bodies are what the specification gives as an example or what fits its schema, with references to things that the
sandbox has shown; the others are these with odd values. What a path names exists, is of another kind, was deleted or never was.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from poseidon_nb.catalogue import Operation, match, operation, operation_ids
from tests.conftest import FakeClock
from tests.contract import steps
from tests.contract.samples import Samples
from tests.contract.test_sandbox_against_specification import (
    walk_account,
    walk_droplets,
    walk_images,
    walk_keys,
    walk_tags,
)
from tests.contract.walk import Walk
from tests.faults.sandbox_known import Known, name_of, names_of

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

API = "https://api.digitalocean.com"
_PARAMETER = re.compile(r"\{(\w+)\}")
#: Where things are listed that a field of a body, without its _id, _uuid or _ids, refers to.
_PLACES = {
    "vpc": "vpcs",
    "project": "projects",
    "droplet": "droplets",
    "volume": "volumes",
    "certificate": "certificates",
    "ssh_key": "account/keys",
    "cluster": "kubernetes/clusters",
    "database_cluster": "databases",
    "app": "apps",
    "load_balancer": "load_balancers",
    "image": "images",
    "snapshot": "snapshots",
    "workspace": "gen-ai/workspaces",
    "agent": "gen-ai/agents",
    "knowledge_base": "gen-ai/knowledge_bases",
    "destination": "monitoring/sinks/destinations",
    "model": "gen-ai/models",
    "share": "nfs",
    "gateway": "vpc_nat_gateways",
    "vpc_peering": "vpc_peerings",
    "tag": "tags",
    "check": "uptime/checks",
    "lb": "load_balancers",
    "autoscale_pool": "droplets/autoscale",
    "parent_agent": "gen-ai/agents",
    "child_agent": "gen-ai/agents",
    "dataset": "gen-ai/evaluation_datasets",
    "test_case": "gen-ai/evaluation_test_cases",
    "resource": "droplets",
    "host": "droplets",
    "db": "databases",
    "ca_certificate": "certificates",
    "registry": "registries",
    "source_droplet": "droplets",
    "suffix": "droplets",
}
_ID_FIELD = re.compile(r"(^|_)(ids?|uuids?|hash)$")
_SECRET_FIELD = re.compile(
    r"(api|secret|auth)_key|hf_token|refresh_token|authorization|password|basic_auth_password|registry_credentials"
)
#: The start of what a request sends as a secret.
SENT_SECRET = "hidden-"
_KINDS = {
    "droplets": "droplet",
    "volumes": "volume",
    "domains": "domain",
    "reserved_ips": "reservedip",
    "apps": "app",
    "load_balancers": "loadbalancer",
    "databases": "dbaas",
    "kubernetes/clusters": "kubernetes",
    "vpcs": "vpc",
    "gen-ai/agents": "genai",
    "images": "image",
    "firewalls": "firewall",
    "vpc_nat_gateways": "nat_gateway",
}
_ODD: tuple[Any, ...] = (
    *(
        None,
        "",
        " ",
        0,
        -1,
        1,
        2,
        1.5,
        True,
        False,
        [],
        {},
        [None],
        [[]],
        [{}],
        {"a": None},
        2**31,
        2**63,
        10**30,
        -0.0,
    ),
    *(
        1e308,
        "0",
        "-1",
        "x" * 300,
        "\ud800",
        "\x00",
        "a\nb",
        "é😀",
        "../..",
        "%2F",
        "NaN",
        "do:droplet:1",
        "0.0.0.0/0",
        "::/0",
    ),
    *("10.0.0.0/33", "999.1.1.1", "2026-13-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "* * * * *"),
    *(
        "0 0 31 2 *",
        "nyc3",
        "s-1vcpu-1gb",
        "<script>",
        "{{x}}",
        "a/b",
        "a:b",
        ["a", "a"],
        [1, 1],
        {"": ""},
        "00000000-0000-0000-0000-000000000000",
    ),
)
_NEVER = (
    "1",
    "0",
    "-1",
    "x",
    "99999999999999999999",
    "%20",
    "%00",
    "a%2Fb",
    "%F0%9F%98%80",
    "%ED%A0%80",
    "..",
    "11111111-2222-4333-8444-555555555555",
    "x" * 300,
    "{id}",
    "actions",
    "2026-11-01",
    "fra1",
    "0.0.0.0",
    "%25",
)
#: Requests of the walk between two saved states.
_APART = 15


@dataclass(slots=True)
class Request:
    """One request."""

    operation: Operation
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0


class Requests:
    """Makes the requests of one thread.

    Parameters
    ----------
    chance : random.Random
        The source of everything random.
    known : Known
        What the sandbox has shown.
    samples : Samples
        Bodies.
    """

    def __init__(self, chance: random.Random, known: Known, samples: Bodies) -> None:
        self.chance = chance
        self._known = known
        self._bodies = samples
        self._operations = [one for one in map(operation, operation_ids()) if one.server == API]
        self._weights = [_weight(one) for one in self._operations]
        #: What follows in the walk; it is taken from the end.
        self.trail: list[Request] = []

    def next(self) -> Request:
        """Return the next request."""
        chance = self.chance
        if self.trail and chance.random() < 0.3:
            with contextlib.suppress(IndexError):
                following = self.trail.pop()
                if chance.random() < 0.1 and following.body:
                    return replace(following, body=self._spoiled(copy.deepcopy(following.body)))
                return following
        (one,) = chance.choices(self._operations, self._weights)
        path = self._path(one)
        query = self._query(one)
        body = self._body(one, path) if one.body_type else None
        headers = {"x-dangerous": "true"} if "angerous" in one.id and chance.random() < 0.8 else {}
        return Request(one, path, query, body, headers)

    def _path(self, one: Operation) -> str:
        path = ""
        parts = one.path.strip("/").split("/")
        for part, following in zip(parts, [*parts[1:], ""], strict=True):
            found = _PARAMETER.fullmatch(part)
            path += f"/{self._named(path, found[1], following) if found else part}"
        return path

    def _named(self, place: str, parameter: str, following: str) -> str:
        """Return the name of a thing in a place, most of the time of one with things in the place that follows."""
        chance = self.chance
        things = [*self._known.at(place)]
        if not things and place.count("/") > 2:
            things = [*self._known.at("/".join(place.split("/")[:3]))]
        if following and chance.random() < 0.7:
            names = {_quoted(name_of(thing, parameter)): thing for thing in things}
            things = [thing for name, thing in names.items() if self._known.at(f"{place}/{name}/{following}")] or things
        if not things or chance.random() < 0.05:
            if chance.random() < 0.3:
                things = self._known.things[chance.choice([*self._known.things] or [""])]
                if things:
                    return _quoted(name_of(chance.choice(things), parameter) or "x")
            return chance.choice(_NEVER)
        return _quoted(name_of(chance.choice(things), parameter) or chance.choice(_NEVER))

    def _query(self, one: Operation) -> dict[str, str]:
        chance = self.chance
        recorded = self._bodies.queries.get(one.id)
        query: dict[str, str] = {}
        if recorded and chance.random() < 0.7:
            for name, value in chance.choice(recorded).items():
                found = self._reference(name)
                query[name] = str(value if found is None else found)
        for parameter in one.query_parameters:
            if parameter.name in query or chance.random() > (0.95 if parameter.required else 0.15):
                continue
            if chance.random() < 0.2:
                value = chance.choice(_ODD)
            elif parameter.enum:
                value = chance.choice(parameter.enum)
            elif parameter.name in {"page", "per_page"}:
                value = chance.choice((1, 1, 2, 3, 20, 200, 201, 0, -1))
            else:
                value = self._reference(parameter.name)
                if value is None:
                    value = chance.choice((1, "true", "web", "1795435200", "1795438800", "2026-11-01"))
            query[parameter.name] = value if isinstance(value, str) else json.dumps(value)
        return query

    def _body(self, one: Operation, path: str) -> Any:
        chance = self.chance
        valid = self._bodies.of(one.id)
        body = copy.deepcopy(chance.choice(valid)) if valid else {}
        if one.method in {"PUT", "PATCH"} and chance.random() < 0.25:
            # Clients send back what they have read.
            body = self._shown(one, path) or body
        elif isinstance(body, dict):
            if chance.random() < 0.08:
                body = {
                    field.name: body[field.name] for field in one.body_fields if field.required and field.name in body
                }
            # A form's own serial number keeps names apart, most of the time.
            self._refer(body, path)
            if isinstance(body.get("region"), str) and chance.random() < 0.6:
                body["region"] = self._region_of_references(body) or body["region"]
        roll = chance.random()
        if roll < 0.02:
            return chance.choice((b"", b"{", b"[]", b"null", b'"x"', b"a=b&c=d", b'{"a":NaN}', b"\xff", b"[" * 3000))
        for _ in range(0 if roll < 0.6 else 1 if roll < 0.85 else chance.randint(2, 4)):
            body = self._spoiled(body)
        return body

    def _shown(self, one: Operation, path: str) -> dict[str, Any]:
        """Return the thing that a path names, as far as it is known, with the fields that the body has."""
        place, _, name = path.rpartition("/")
        things = [thing for thing in [*self._known.at(place)] if isinstance(thing, dict)]
        thing = next((thing for thing in things if name in {_quoted(value) for value in names_of(thing)}), {})
        return {field.name: copy.deepcopy(thing[field.name]) for field in one.body_fields if field.name in thing}

    def _region_of_references(self, body: dict[str, Any]) -> str | None:
        """Return the region of something that a body names: most services need it."""
        for holder, key, name in _places(body):
            value = holder[key]
            for thing in [*self._known.at(f"/v2/{_place_of(name)}")] if isinstance(value, str | int) else ():
                if isinstance(thing, dict) and value in {*names_of(thing)} and thing.get("region"):
                    region = thing["region"]
                    return region["slug"] if isinstance(region, dict) else str(region)
        return None

    def _near(self, path: str, name: str) -> Any:
        """Return a field of something that was shown at a path or above it, or None."""
        parts = path.split("/")
        for end in range(len(parts), 3, -1):
            known = [*self._known.at("/".join(parts[:end]))]
            found = [
                thing[name] for thing in known if isinstance(thing, dict) and isinstance(thing.get(name), str | int)
            ]
            if found:
                return self.chance.choice(found)
        return None

    def _refer(self, body: Any, path: str) -> None:
        """Replace ids in a body by those of things that there are, names by other names, and secrets by known ones."""
        chance = self.chance
        for holder, key, name in [*_places(body)]:
            value = holder[key]
            if isinstance(value, dict | list):
                continue
            if name == "name" and isinstance(value, str) and chance.random() < 0.7:
                holder[key] = f"{value[:12]}-{chance.randint(1, 60)}"
            elif isinstance(value, str) and _SECRET_FIELD.fullmatch(name):
                holder[key] = f"{SENT_SECRET}{chance.randint(1, 1 << 30)}"
            elif chance.random() < 0.85:
                found = self._near(path, name) if _ID_FIELD.search(name) and chance.random() < 0.8 else None
                found = self._reference(name) if found is None else found
                if found is not None and isinstance(value, str) != isinstance(found, str):
                    found = str(found) if isinstance(value, str) else found
                if found is not None:
                    holder[key] = found

    def _reference(self, name: str) -> Any:
        """Return something that a field or parameter may refer to, or None."""
        chance = self.chance
        if name in {"urn", "urns", "resources", "resource_urns"}:
            place = chance.choice([*_KINDS])
            things = self._known.things.get(f"/v2/{place}")
            found = name_of(chance.choice(things), "id") if things else None
            return None if found is None else f"do:{_KINDS[place]}:{found}"
        place = _place_of(name)
        things = self._known.things.get(f"/v2/{place}") if place else None
        if not things or name in {"image", "size", "region"}:
            return None
        thing = chance.choice(things)
        named = "tag" in name or name.endswith("_name")
        if isinstance(thing, dict) and "id" in thing and not named:
            return thing["id"]
        return name_of(thing, "name" if named else "uuid")

    def _spoiled(self, body: Any) -> Any:
        chance = self.chance
        places = [*_places(body)]
        if not places:
            return chance.choice(_ODD)
        holder, key, _ = chance.choice(places)
        roll = chance.random()
        if roll < 0.25:
            del holder[key]
        elif roll < 0.35 and isinstance(holder[key], list):
            holder[key] = [*holder[key], *copy.deepcopy(holder[key])]
        elif roll < 0.45:
            holder[key] = self._reference(chance.choice([*_PLACES]))
        else:
            holder[key] = copy.deepcopy(chance.choice(_ODD))
        return body


class Bodies:
    """Requests that were accepted: those of the walk over all operations, and the specification's examples."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._made: dict[str, list[Any]] = {}
        self._queries: dict[str, list[dict[str, str]]] = defaultdict(list)
        recorder = _Recorder()
        recorder.run()
        self._sent = recorder.bodies
        self.queries = recorder.queries
        self.trail, self.states, self.shown = recorder.trail, recorder.states, recorder.shown

    def of(self, id_: str) -> list[Any]:
        """Return bodies of an operation that are valid, or were in their place."""
        if id_ not in self._made:
            sent = self._sent.get(id_, [])
            self._made[id_] = [*sent, *sent, *self._samples.body_examples(id_), self._samples.body(id_)]
        return self._made[id_]


class _Recorder(Walk):
    """The walk over all operations, which remembers what was accepted."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.bodies: dict[str, list[Any]] = defaultdict(list)
        self.queries: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.trail: list[Request] = []
        self.states: dict[int, bytes] = {}
        #: What had been shown by then, as in `Known`.
        self.shown: dict[int, dict[str, deque[Any]]] = {}
        self._known = Known()
        self._asked_s = 0.0

    def run(self) -> None:
        """Take the walk."""
        for room in (walk_account, walk_keys, walk_droplets, walk_images, walk_tags, *steps.STEPS):
            room(self)

    def check(self, check: Any) -> None:
        """Leave the judging to the test of the walk."""

    def ask(self, method: str, path: str, body: Any = None, /, **rest: Any) -> tuple[int, Any]:
        """Send a request, and remember it with the account before it."""
        found = match(method, path)
        if found is None:
            return super().ask(method, path, body, **rest)
        query = {name: str(value) for name, value in rest.items() if name not in {"token", "sending"}}
        wait_s = self.clock.elapsed_s - self._asked_s
        if len(self.trail) % _APART == 0:
            self.states[len(self.trail)] = self._state()
            self.shown[len(self.trail)] = {place: things.copy() for place, things in self._known.things.items()}
        status, answer = super().ask(method, path, body, **rest)
        if status < 300:
            self._asked_s = self.clock.elapsed_s
            self._known.learn(found[0], path, answer)
            self.trail.append(Request(found[0], path, query, body, rest.get("sending") or {}, wait_s))
            if body is not None and not isinstance(body, bytes):
                self.bodies[found[0].id].append(body)
            if query:
                self.queries[found[0].id].append(query)
        return status, answer

    def _state(self) -> bytes:
        headers = {"host": "127.0.0.1", "authorization": f"Bearer {self.sandbox.token}"}
        saved = json.loads(self.sandbox.dispatch("GET", "/_sandbox/state", "", headers).body)
        # Where it is loaded, the clock itself stands still.
        saved["moved_s"] += self.clock.elapsed_s
        return json.dumps(saved).encode()


def _weight(one: Operation) -> float:
    # What deletes things is rarer than what creates them, and reading changes nothing.
    weight = {"GET": 0.5, "POST": 1.2, "DELETE": 0.35}.get(one.method, 1.0)
    if one.method == "POST" and not one.path_parameters:
        weight *= 2
    if one.method == "DELETE" and one.path.count("{") == 1 and one.path.endswith("}"):
        weight *= 0.7
    return weight


def _places(body: Any, name: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Yield everything in a body, as what holds it, its key there and the name of its field."""
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in [*inside]:
        here = key if isinstance(key, str) else name
        yield body, key, here
        yield from _places(value, here)


def _place_of(name: str) -> str:
    """Return where things are listed that a field refers to; empty if it refers to nothing."""
    stem = re.sub(r"_?(ids?|uuids?|name)$", "", name).removesuffix("s") or name
    return _PLACES.get(name) or _PLACES.get(stem) or ""


def _quoted(name: Any) -> str:
    return quote(str(name).encode("utf-8", "surrogatepass"), safe=":@")
