"""An API client for a sandbox without sockets: `api.get("/v2/account")` returns the JSON."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.responses import HTTPResponse


class Api:
    """Sends requests to one sandbox with its token, and moves its clock."""

    def __init__(self, sandbox: Sandbox, clock: Any) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.token = sandbox.token

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> HTTPResponse:
        path, _, query = target.partition("?")
        sent = {"host": "127.0.0.1:8080", "authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.sandbox.dispatch(method, path, query, sent, raw)

    def __call__(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        reply = self.ask(method, target, body, **headers)
        text = reply.body
        if ("content-encoding", "gzip") in reply.headers:
            text = zlib.decompress(text, 31)
        return reply.status, json.loads(text) if text else None

    def get(self, target: str) -> Any:
        status, body = self("GET", target)
        assert status == 200, body
        return body

    def droplet(self, name: str) -> dict[str, Any]:
        (found,) = self.get(f"/v2/droplets?name={name}")["droplets"]
        return found

    def act(self, droplet_id: int, type_: str, **fields: Any) -> tuple[int, Any]:
        return self("POST", f"/v2/droplets/{droplet_id}/actions", {"type": type_, **fields})

    def done(self, droplet_id: int, type_: str, **fields: Any) -> dict[str, Any]:
        """Run an action until the droplet's status has followed, and return the droplet."""
        status, body = self.act(droplet_id, type_, **fields)
        assert status == 201, body
        self.clock.advance(600)
        action = self.get(f"/v2/actions/{body['action']['id']}")["action"]
        assert action["status"] == "completed"
        return self.get(f"/v2/droplets/{droplet_id}")["droplet"]

    def create(self, **fields: Any) -> tuple[int, Any]:
        wanted = {"name": "new", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3", **fields}
        return self("POST", "/v2/droplets", {name: value for name, value in wanted.items() if value is not ...})


@pytest.fixture
def make_api(clock: Any) -> Callable[..., Api]:
    def make(**settings: Any) -> Api:
        return Api(Sandbox(clock=clock, **settings), clock)

    return make


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()


def refused(answer: tuple[int, Any], status: int, text: str) -> None:
    """Check the status and message of an error response."""
    assert answer[0] == status, answer
    assert answer[1]["message"] == text


@pytest.fixture(name="refused")
def _refused() -> Callable[[tuple[int, Any], int, str], None]:
    return refused
