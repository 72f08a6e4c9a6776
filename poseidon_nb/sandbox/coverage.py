"""Which operations the sandbox simulates, from the same table that routes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation, operation_ids

if TYPE_CHECKING:
    from collections.abc import Container

#: The server that the sandbox stands in for.
SERVER = "https://api.digitalocean.com"


def coverage(simulated: Container[str]) -> dict[str, Any]:
    """Give every operation of ``api.digitalocean.com``, and whether it is simulated or answers 501."""
    rows = []
    for id_ in operation_ids():
        known = operation(id_)
        if known.server != SERVER:
            # Inference and agents have servers of their own; their routes are none of this one.
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
