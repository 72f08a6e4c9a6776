"""What the sandbox offers beside the API, below ``/_sandbox``: a table of routes, each a short function.

It wants the owner's token, is not counted, not logged, and no fault strikes it.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, TypeAlias

from poseidon_nb.sandbox import activity, bodies, chance, network, storage
from poseidon_nb.sandbox.coverage import coverage
from poseidon_nb.sandbox.faults import KINDS, Fault
from poseidon_nb.sandbox.replies import Refusal, Reply, answer, bad_request, no_content, not_found
from poseidon_nb.sandbox.timestamps import stamp
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.dispatch import Dispatcher

Control: TypeAlias = "Callable[[Dispatcher, str, str, dict[str, str], bytes], Reply]"

_FAULT_FIELDS = {field.name for field in fields(Fault)}


class Controls:
    """The routes below ``/_sandbox``.

    Parameters
    ----------
    reset : callable
        Puts the account back to its seed.
    """

    def __init__(self, reset: Callable[[], None]) -> None:
        self._reset = reset
        self._routes: dict[tuple[str, str], Callable[[Dispatcher, dict[str, str], bytes], Reply]] = {
            ("GET", "/"): self.overview,
            ("GET", "/id"): self.identity,
            ("POST", "/reset"): self.reset,
            ("GET", "/requests"): self.requests,
            ("DELETE", "/requests"): self.forget_requests,
            ("GET", "/faults"): self.faults,
            ("POST", "/faults"): self.add_fault,
            ("DELETE", "/faults"): self.clear_faults,
            ("POST", "/actions/{id}/finish"): self.finish,
            ("GET", "/state"): self.save,
            ("PUT", "/state"): self.load,
            ("GET", "/coverage"): self.coverage,
            ("GET", "/ports"): self.ports,
            ("POST", "/tokens"): self.add_token,
            ("GET", "/settings"): self.settings,
            ("PUT", "/settings"): self.change_settings,
        }

    def __call__(self, dispatcher: Dispatcher, method: str, path: str, query: dict[str, str], body: bytes) -> Reply:
        """Answer a request below ``/_sandbox``."""
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
            raise not_found()
        raise Refusal(405, "method_not_allowed", f"Only {allowed} here.", headers=[("allow", allowed)])

    def overview(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return what this is, and what is available below it."""
        world = dispatcher.world
        return answer(
            200,
            sandbox="poseidon_nb",
            now=stamp(world.now()),
            now_s=world.now(),
            seed=world.seed,
            speed=world.speed,
            rate_limit=_mode(dispatcher),
            counts={name: len(collection) for name, collection in world.state.collections.items()},
            in_progress=sorted({*world.state.busy.values()}),
            endpoints=[f"{method} /_sandbox{route}" for method, route in self._routes],
        )

    def identity(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return what tells this account from every other sandbox's; a saved state keeps it."""
        return answer(200, id=dispatcher.world.id)

    def reset(self, _dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Put the account back to its seed; forget the log, the faults and limited tokens."""
        self._reset()
        return no_content()

    def requests(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return the log of requests, oldest first."""
        return answer(200, requests=[asdict(request) for request in dispatcher.log])

    def forget_requests(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Empty the log."""
        dispatcher.log.clear()
        return no_content()

    def faults(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return the faults that wait, and what kinds there are."""
        return answer(200, faults=dispatcher.world.faults.waiting(), kinds=KINDS)

    def add_fault(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> Reply:
        """Add a fault; the body's fields are those of `Fault`."""
        asked = bodies.parsed(body)
        unknown = sorted(asked.keys() - _FAULT_FIELDS)
        if unknown:
            raise bad_request(f"A fault has no {unknown[0]}; it has {', '.join(sorted(_FAULT_FIELDS))}.")
        try:
            fault = Fault(**asked)
        except (TypeError, ValueError) as error:
            raise bad_request(f"This is no fault: {error}.") from None
        dispatcher.world.faults.add(fault)
        return answer(201, fault=asdict(fault))

    def clear_faults(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Remove all faults."""
        dispatcher.world.faults.clear()
        return no_content()

    def finish(self, dispatcher: Dispatcher, names: dict[str, str], _body: bytes) -> Reply:
        """End an action now; ``all`` is every one in progress."""
        world = dispatcher.world
        if names["id"] == "all":
            ids = sorted({*world.state.busy.values()})
        elif is_integer(names["id"]) and int(names["id"]) in world.actions:
            ids = [int(names["id"])]
        else:
            raise not_found()
        for id_ in ids:
            activity.finish_now(world, id_)
        return answer(200, actions=[action.shown for id_ in ids if (action := world.actions.get(id_)) is not None])

    def save(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return the state of the account, to be put back later."""
        return Reply(200, storage.dumped(dispatcher.world))

    def load(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> Reply:
        """Take over a state that was saved."""
        try:
            storage.load(dispatcher.world, body)
        except ValueError as error:
            raise bad_request(f"This is no saved state: {error}.") from None
        return no_content()

    def coverage(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return which operations are simulated."""
        return answer(200, **coverage(dispatcher.operations))

    def ports(self, dispatcher: Dispatcher, names: dict[str, str], _body: bytes) -> Reply:
        """Return whether something would answer at an address: SSH of a droplet that runs, some time after its boot."""
        open_ = names.get("port") == "22" and network.answers_ssh(dispatcher.world, names.get("address", ""))
        return answer(200, open=open_)

    def add_token(self, dispatcher: Dispatcher, _names: dict[str, str], body: bytes) -> Reply:
        """Make a token that is limited to scopes."""
        scopes = bodies.required(bodies.parsed(body), "scopes", "array")
        for scope in scopes:
            bodies.typed("a scope", scope, "string")
        token = f"dop_v1_sandbox_{chance.digest(dispatcher.tokens.owner, *scopes)}"
        dispatcher.tokens.limit(token, scopes)
        return answer(201, token=token, scopes=scopes)

    def settings(self, dispatcher: Dispatcher, _names: dict[str, str], _body: bytes) -> Reply:
        """Return what can be set while it runs."""
        return answer(200, speed=dispatcher.world.speed, rate_limit=_mode(dispatcher))

    def change_settings(self, dispatcher: Dispatcher, names: dict[str, str], body: bytes) -> Reply:
        """Set the speed of actions that start from now on, and whether rate limits count."""
        asked = bodies.parsed(body)
        speed = bodies.optional(asked, "speed", "number")
        rate_limit = bodies.optional(asked, "rate_limit", "string")
        if speed is not None and speed <= 0:
            raise bad_request("speed must be greater than 0.")
        if rate_limit not in {None, "off", "real"}:
            raise bad_request("rate_limit must be off or real.")
        if speed is not None:
            dispatcher.world.speed = float(speed)
        if rate_limit is not None:
            dispatcher.limits.clear()
            dispatcher.limits.enforced = rate_limit == "real"
        return self.settings(dispatcher, names, b"")


def _mode(dispatcher: Dispatcher) -> str:
    return "real" if dispatcher.limits.enforced else "off"
