"""Managed databases: clusters of all engines, with everything in them.

`engines` knows what each engine can do, `clusters` what a cluster is, `creation` how new ones are made, with read-only nodes.
`accounts`, `settings`, `kafka`, `indexes` and `transfers` are what clusters have. Connections, passwords, certificates, sizes
of backups and contents are fabricated: no cluster can be connected to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.services.databases import (
    accounts,
    clusters,
    creation,
    indexes,
    kafka,
    settings,
    transfers,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse

_PARTS = (accounts, clusters, creation, indexes, kafka, settings, transfers)

OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    name: function for part in _PARTS for name, function in part.OPERATIONS.items()
}
EFFECTS: dict[str, Callable[..., None]] = {
    name: function for part in _PARTS for name, function in vars(part).get("EFFECTS", {}).items()
}
