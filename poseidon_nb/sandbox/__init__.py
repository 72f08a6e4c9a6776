"""A simulated DigitalOcean account on this machine, which serves the API v2.

``/_sandbox/coverage`` lists what is simulated; other operations return 501. Read the modules from the top: `sandbox`
(the public class), `server` and `http` (sockets and HTTP), `dispatch` (from a request to a response), `services` (one
module for each group of resources), `resources` with `fields` and `states` (how a resource is declared), `world` and
`actions` (state and how it changes), `seeds` (the account at the start).

For tests there are `request_log` (what was sent), `diff` (what changed), `decorator` and `pytest_plugin`. `settings` has what
can change while a sandbox runs, `saved_state` and `state_file` keep its account, and `tls` makes certificates.

Some data is never stored but computed on request. Invoices follow from `history` and the catalogue's prices, in
`invoices`. Metrics follow from `workload`. The sandbox imports only the catalogue and the lowest layer: built on the
client, it would share the client's bugs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poseidon_nb.sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> object:
    if name == "Sandbox":
        from poseidon_nb.sandbox.sandbox import Sandbox  # noqa: PLC0415  # the server loads at first use

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
