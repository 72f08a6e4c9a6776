"""A walk through the sandbox that validates every response with the specification."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from poseidon_nb.catalogue import Operation, match
from poseidon_nb.sandbox import Sandbox
from tests.contract.specification import specification, unknown_fields, validate, validate_file, validate_request

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1:8080"
#: Far longer than any action takes at the walk's speed.
LONG_S = 3600
#: The ends of the paths of fields that the service shows and the specification's schemas lack.
LIVE_FIELDS = (
    ".networking_throughput",  # of a size, in live answers of 2026
    "account.volume_limit",  # in godo's Account
    *("dedicated_inference.name", "dedicated_inferences[].name"),  # in godo's DedicatedInference
    # Of a NAT gateway: the examples have some, and the acceptance tests of Terraform's provider the others.
    *(f".vpcs[].{name}" for name in ("default_gateway", "subnet_uuid", "gateway_ip")),
    *(f"vpc_nat_gateway{plural}.project_id" for plural in ("", "s[]")),
    ".redundancy_zone",  # of a partner attachment, in godo
    *("sink.urn", "sinks[].urn"),  # required, and not described
    # Of a droplet's backups and snapshots, which share a schema: the example of droplets_list_backups has them.
    *(f"{key}[].{name}" for key in ("backups", "snapshots") for name in ("distribution", "slug", "public")),
)


class Walk:
    """Sends requests to the sandbox, and collects the errors in its responses."""

    def __init__(self, clock: Any, **settings: Any) -> None:
        self.clock = clock
        self.sandbox = Sandbox(clock=clock, **settings)
        self.token = self.sandbox.token
        self.limited = False
        self.succeeded: set[str] = set()
        self.errors: list[str] = []

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        token: str | None = None,
        sending: dict[str, str] | None = None,
        **query: Any,
    ) -> tuple[int, Any]:
        """Return the status and JSON of a validated response; no body is None, ``sending`` is further headers."""
        headers = {"host": HOST, "authorization": f"Bearer {self.token if token is None else token}"}
        headers |= sending or {}
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        reply = self.sandbox.dispatch(method, path, urlencode(query), headers, sent)
        media = dict(reply.headers).get("content-type", "").partition(";")[0]
        # A file is judged by its media type; what is in it is its own test's to say.
        answer = reply.body if media not in {"", "application/json"} else json.loads(reply.body or b"null")
        found = match(method, path)
        if found is None:
            self.check(lambda: _check_error_shape(answer))
        elif isinstance(answer, bytes):
            self.check(lambda: validate_file(found[0].id, reply.status, media))
            self.succeeded.add(found[0].id)
        else:
            self.check(lambda: validate(found[0].id, reply.status, answer, limited=self.limited))
            self.check(lambda: check_known_fields(found[0], reply.status, answer))
            if reply.status < 300:
                self.succeeded.add(found[0].id)
                self.check(lambda: validate_request(found[0].id, body))
                self.check(lambda: check_key_and_pages(found[0], reply.status, answer))
        return reply.status, answer

    def limit(self, *scopes: str) -> None:
        """Continue with a token that has only these scopes."""
        headers = {"host": HOST, "authorization": f"Bearer {self.sandbox.token}"}
        body = json.dumps({"scopes": scopes}).encode()
        self.token = json.loads(self.sandbox.dispatch("POST", "/_sandbox/tokens", "", headers, body).body)["token"]
        self.limited = True

    def check(self, check: Any) -> None:
        try:
            check()
        except AssertionError as wrong:
            self.errors.append(str(wrong).partition("\n")[0])

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a response that must be a success."""
        return self.must("GET", path, **query)

    def must(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        status, answer = self.ask(method, path, body, **query)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def refused(self, status: int, method: str, path: str, body: Any = None, /, **query: Any) -> None:
        given, answer = self.ask(method, path, body, **query)
        if given != status:
            self.errors.append(f"{method} {path} {body or query}: {given} {answer!r:.200} instead of {status}")

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Follow the links of a collection from its first page to the last, and back to the first."""
        answer = self.get(path, **query, per_page=2)
        seen = 0
        while True:
            yield answer
            seen += 1
            following = (answer["links"].get("pages") or {}).get("next")
            if following is None:
                break
            answer = self._follow_link(following)
        if seen > 1:
            back = {"prev", "previous"} & answer["links"]["pages"].keys()
            self._follow_link(answer["links"]["pages"][back.pop()])
            first = self._follow_link(answer["links"]["pages"]["first"])["links"]["pages"]
            assert not {"prev", "previous"} & first.keys()

    def _follow_link(self, address: str) -> Any:
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc) == ("http", HOST)
        headers = {"host": HOST, "authorization": f"Bearer {self.token}"}
        reply = self.sandbox.dispatch("GET", parts.path, parts.query, headers)
        assert reply.status == 200
        return json.loads(reply.body)

    def later(self) -> None:
        """Move the clock until everything in progress has ended."""
        self.clock.advance(LONG_S)

    def action(self, droplet_id: int, type_: str, **fields: Any) -> dict[str, Any]:
        """Run an action of a droplet and return it when it has ended."""
        started = self.must("POST", f"/v2/droplets/{droplet_id}/actions", {"type": type_, **fields})["action"]
        assert (started["status"], started["type"], started["completed_at"]) == ("in-progress", type_, None)
        self.get(f"/v2/droplets/{droplet_id}")
        self.refused(422, "POST", f"/v2/droplets/{droplet_id}/actions", {"type": "snapshot"})
        self.later()
        ended = self.get(f"/v2/actions/{started['id']}")["action"]
        assert ended["status"] == "completed", type_
        self.get(f"/v2/droplets/{droplet_id}")
        return ended


def _check_error_shape(answer: Any) -> None:
    assert specification().accepts("#/components/schemas/error", answer), f"not an error's shape: {answer!r:.200}"


def check_known_fields(one: Operation, status: int, answer: Any) -> None:
    """Check that a response has no field that the specification lacks."""
    unknown = {path for path in unknown_fields(one.id, status, answer) if not path.endswith(LIVE_FIELDS)}
    # A 422 may say what would have been possible, which the error's schema leaves out.
    unknown -= {path for path in unknown if status >= 400 and path.startswith("error_attributes")}
    # An error has what all errors have, also where the specification knows only an own shape.
    unknown -= {"id", "message", "request_id"} if status >= 400 else set()
    assert not unknown, f"{one.id} {status}: fields that the specification does not know: {sorted(unknown)}"


def check_key_and_pages(one: Operation, status: int, answer: Any) -> None:
    """Check the status of a success, the key around what it returns, and the total of a page."""
    assert status == one.status, f"{one.id}: {status} instead of {one.status}"
    if not one.response_key:
        return
    key = "droplets" if one.id == "droplets_create" and "droplets" in answer else one.response_key
    assert key in answer, f"{one.id}: no {key} in {sorted(answer)}"
    # Null where the schema allows it.
    assert answer[key] is None or isinstance(answer[key], list) == (one.response_is_list or key != one.response_key), (
        f"{one.id}: {key} has another type"
    )
    if one.paginated:
        assert "links" in answer, f"{one.id}: no links"
        assert answer["meta"]["total"] >= len(answer[key]), f"{one.id}: meta.total is too small"
