"""The sandbox's own routes below ``/_sandbox``.

They need the owner's token, with two exceptions: any token can read the account's id, and without a token the root says that
this is a sandbox, so that a client can find out before it sends its token. They are neither counted nor logged, and faults
do not affect them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation, operation_ids
from poseidon_nb.sandbox.actions import finish_action
from poseidon_nb.sandbox.call import check_type, optional_field, parse_body, parse_id, required_field
from poseidon_nb.sandbox.faults import FAULT_KINDS, NAMED_FAULTS, make_fault
from poseidon_nb.sandbox.history import answers_ssh
from poseidon_nb.sandbox.responses import HTTPException, HTTPResponse, bad_request, json_response, no_content, not_found
from poseidon_nb.sandbox.saved_state import dump_state
from poseidon_nb.sandbox.services.container_images import push_image
from poseidon_nb.sandbox.settings import change_settings, get_settings, refuse_unknown
from poseidon_nb.sandbox.timestamps import format_time, parse_time
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from poseidon_nb.sandbox.dispatch import Dispatcher

#: Tells a sandbox from any other server.
NAME = "poseidon_nb"
#: The server that the sandbox simulates.
SERVER = "https://api.digitalocean.com"


class Controls:
    """The routes below ``/_sandbox``.

    Parameters
    ----------
    reset : callable
        Restores the account from its seed.
    """

    def __init__(self, reset: Callable[[], None]) -> None:
        self._reset = reset
        self._routes: dict[tuple[str, str], Callable[[Dispatcher, dict[str, str], bytes], HTTPResponse]] = {
            ("GET", "/"): self.overview,
            ("GET", "/id"): self.identity,
            ("POST", "/reset"): self.reset,
            ("GET", "/requests"): self.requests,
            ("DELETE", "/requests"): self.forget_requests,
            ("GET", "/faults"): self.faults,
            ("POST", "/faults"): self.add_fault,
            ("DELETE", "/faults"): self.clear_faults,
            ("POST", "/actions/{id}/finish"): self.finish,
            ("POST", "/images"): self.push_image,
            ("GET", "/state"): self.save,
            ("PUT", "/state"): self.load,
            ("GET", "/coverage"): self.coverage,
            ("GET", "/ports"): self.ports,
            ("POST", "/tokens"): self.add_token,
            ("GET", "/diff"): self.diff,
            ("POST", "/marks"): self.add_mark,
            ("GET", "/settings"): self.settings,
            ("PUT", "/settings"): self.change_settings,
            ("GET", "/clock"): self.clock,
            ("PUT", "/clock"): self.set_clock,
            ("POST", "/clock/advance"): self.advance_clock,
        }

    def __call__(
        self, dispatcher: Dispatcher, method: str, path: str, query: dict[str, str], body: bytes
    ) -> HTTPResponse:
        """Handle a request below ``/_sandbox``."""
        path = path.rstrip("/") or "/"
        parts = path.split("/")
        names = {**query}
        if len(parts) == len(["", "actions", "ID", "finish"]) and parts[1] == "actions":
            names["id"], path = parts[2], f"/actions/{{id}}/{parts[3]}"
        handler = self._routes.get((method, path))
        if handler is not None:
            return handler(dispatcher, names, body)
        allowed = ", ".join(known for known, route in self._routes if route == path)
        if not allowed:
            message = f"There is no {method} /_sandbox{escape_unprintable(path)}. GET /_sandbox lists the endpoints."
            raise HTTPException(404, "not_found", message)
        raise HTTPException(405, "method_not_allowed", f"Only {allowed} is allowed here.", headers=[("allow", allowed)])

    def introduce(self) -> HTTPResponse:
        """Return that this is a sandbox, and nothing else."""
        return json_response(200, sandbox=NAME)

    def overview(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the state of the sandbox and the available routes."""
        world = dispatcher.world
        return json_response(
            200,
            sandbox=NAME,
            now=format_time(world.now()),
            now_s=world.now(),
            seed=world.seed,
            **get_settings(dispatcher),
            requests=len(dispatcher.log),
            counts={name: len(collection) for name, collection in world.state.collections.items()},
            in_progress=sorted({*world.state.busy.values()}),
            endpoints=[f"{method} /_sandbox{route}" for method, route in self._routes],
        )

    def identity(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the id that distinguishes this account from other sandboxes. A saved state keeps it."""
        return json_response(200, id=dispatcher.world.id)

    def reset(self, _dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Restore the account from its seed, and clear the log, the faults and the limited tokens."""
        self._reset()
        return no_content()

    def requests(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the request log, oldest first."""
        return json_response(200, requests=[request.as_json() for request in dispatcher.log])

    def forget_requests(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Clear the request log."""
        dispatcher.log.clear()
        return no_content()

    def faults(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the pending faults, and the kinds and names that there are."""
        return json_response(200, faults=dispatcher.world.faults.pending(), kinds=FAULT_KINDS, names=NAMED_FAULTS)

    def add_fault(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> HTTPResponse:
        """Add a fault. The body has the fields of `Fault`; its ``kind`` may be one of the names."""
        try:
            fault = make_fault(parse_body(body))
        except (TypeError, ValueError) as error:
            raise bad_request(str(error)) from None
        dispatcher.world.faults.add(fault)
        return json_response(201, fault=asdict(fault))

    def clear_faults(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Remove all faults."""
        dispatcher.world.faults.clear()
        return no_content()

    def finish(self, dispatcher: Dispatcher, names: dict[str, str], _body: bytes) -> HTTPResponse:
        """End an action now; the id ``all`` ends every action in progress."""
        world = dispatcher.world
        if names["id"] == "all":
            ids = sorted({*world.state.busy.values()})
        else:
            id_ = parse_id(names["id"])
            if id_ is None or id_ not in world.actions:
                raise not_found()
            ids = [id_]
        for id_ in ids:
            finish_action(world, id_)
        return json_response(
            200, actions=[action.public for id_ in ids if (action := world.actions.get(id_)) is not None]
        )

    def push_image(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> HTTPResponse:
        """Push an image to a container registry, ``{"registry": "acme", "repository": "web", "tag": "v1"}``."""
        sent = parse_body(body)
        registry, repository, tag = (required_field(sent, name, "string") for name in ("registry", "repository", "tag"))
        manifest = push_image(dispatcher.world, registry, repository, tag, dispatcher.world.now())
        return json_response(201, manifest=manifest.public)

    def save(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the account's state, which can be loaded later."""
        return HTTPResponse(200, dump_state(dispatcher.world))

    def load(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> HTTPResponse:
        """Load a saved state."""
        try:
            dispatcher.load(body)
        except ValueError as error:
            raise bad_request(f"Invalid saved state: {error}.") from None
        return no_content()

    def coverage(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return which operations are simulated."""
        return json_response(200, **coverage(dispatcher.operations))

    def ports(self, dispatcher: Dispatcher, names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return whether a port of an address would be open: SSH of a running droplet, some time after it booted."""
        open_ = names.get("port") == "22" and answers_ssh(dispatcher.world, names.get("address", ""))
        return json_response(200, open=open_)

    def add_token(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> HTTPResponse:
        """Create a token that is limited to scopes; a scope may be a pattern such as ``*:read``."""
        requested = parse_body(body)
        scopes = required_field(requested, "scopes", "array")
        for scope in scopes:
            check_type("a scope", scope, "string")
        token = optional_field(requested, "token", "string")
        try:
            token = dispatcher.tokens.create(scopes, token)
        except ValueError as error:
            raise bad_request(str(error)) from None
        return json_response(201, token=token, scopes=scopes)

    def diff(self, dispatcher: Dispatcher, names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return what changed since the start, the last reset, or the mark that ``since`` names."""
        from poseidon_nb.sandbox.diff import compare  # noqa: PLC0415  # a start does not need it

        since = names.get("since", "")
        try:
            before = dispatcher.world.marked(since)
        except ValueError as error:
            raise bad_request(str(error)) from None
        return json_response(200, **compare(before, dispatcher.world.state).as_json())

    def add_mark(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> HTTPResponse:
        """Remember the present state, to compare with it later. Without a ``name`` it gets one."""
        name = optional_field(parse_body(body), "name", "string")
        return json_response(201, name=dispatcher.world.mark(name))

    def settings(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the settings that can change while the sandbox runs."""
        return json_response(200, **get_settings(dispatcher))

    def change_settings(self, dispatcher: Dispatcher, names: dict[str, str], body: bytes) -> HTTPResponse:
        """Change settings; those of future actions and requests."""
        requested = parse_body(body)
        changes = {name: value for name, value in requested.items() if value is not None}
        try:
            refuse_unknown(requested, get_settings(dispatcher))
            change_settings(dispatcher, **changes)
        except ValueError as error:
            raise bad_request(str(error)) from None
        return self.settings(dispatcher, names, b"")

    def clock(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> HTTPResponse:
        """Return the sandbox's time."""
        now = dispatcher.world.now()
        return json_response(200, now=format_time(now), now_s=now)

    def set_clock(self, dispatcher: Dispatcher, names: dict[str, str], body: bytes) -> HTTPResponse:
        """Move the clock forward to the time in the body, ``{"now": "2026-12-01T00:00:00Z"}``."""
        try:
            wanted = parse_time(required_field(parse_body(body), "now", "string"))
        except ValueError:
            raise bad_request("now must be a time such as 2026-12-01T00:00:00Z.") from None
        self._move_clock(dispatcher, wanted - dispatcher.world.now())
        return self.clock(dispatcher, names, b"")

    def advance_clock(self, dispatcher: Dispatcher, names: dict[str, str], body: bytes) -> HTTPResponse:
        """Move the clock forward by a number of seconds, ``{"seconds": 3600}``."""
        self._move_clock(dispatcher, required_field(parse_body(body), "seconds", "number"))
        return self.clock(dispatcher, names, b"")

    def _move_clock(self, dispatcher: Dispatcher, seconds: float) -> None:
        try:
            dispatcher.world.move_clock(seconds)
        except ValueError as error:
            raise bad_request(str(error)) from None


def coverage(simulated: Container[str]) -> dict[str, Any]:
    """Return every operation of ``api.digitalocean.com``, and whether it is simulated or returns 501."""
    rows = []
    for id_ in operation_ids():
        known = operation(id_)
        if known.server != SERVER:
            # Inference and agents have servers of their own.
            continue
        row = {
            "operation": id_,
            "method": known.method,
            "path": known.path,
            "tag": known.tag,
            "simulated": id_ in simulated,
        }
        rows.append(row)
    return {"simulated": sum(row["simulated"] for row in rows), "total": len(rows), "operations": rows}
