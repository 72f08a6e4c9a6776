"""A simulated DigitalOcean account on this machine: the API v2 as far as `/_sandbox/coverage` says, and honest beyond.

Read from the top: `sandbox` (what a user holds), `server` and `wire` (sockets and HTTP), `dispatch` (from a request to a
reply), `services` (a file for each resource, and how to add one), `activity` and `world` (state and its clock), `seeds`,
`company` and `planters` (the account at the start). What is never stored but computed when asked for: bills out of
`lifetimes` and the catalogue's prices, in `bills` and `papers`; measurements out of `workload` and `curves`. It shares only
the catalogue and the ground floor with the rest of the package: built on the client it would agree with the client's bugs.
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
