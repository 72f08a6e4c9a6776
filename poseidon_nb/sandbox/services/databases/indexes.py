"""Indexes of OpenSearch clusters.

Nothing writes to a simulated cluster, so a new one has two fabricated indexes, with the names of those that its dashboard and
its security plugin keep. They can be deleted; no others appear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.services.databases.clusters import CLUSTERS
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World

_NAMES = (".kibana_1", ".opendistro_security")
INDEXES = Resource(
    "databases.indexes",
    parent=CLUSTERS,
    id_field="index_name",
    build=lambda _world, name, values, _at: {"index_name": name, **values},
    label="index",
)


def add_indexes(world: World, cluster: StoredObject, at: float) -> None:
    """Add the indexes of a new OpenSearch cluster."""
    for name in _NAMES if cluster["engine"] == "opensearch" else ():
        values = {
            "index_name": name,
            "number_of_shards": 1,
            "number_of_replicas": min(cluster["num_nodes"] - 1, 2),
            "size": rng.randint(4_000, 60_000, world.seed, cluster["id"], name),
            "created_time": format_time(at),
            "status": "open",
            "health": "green",
        }
        INDEXES.add(world, values, at, cluster["id"])


OPERATIONS = {
    "databases_list_opeasearch_indexes": INDEXES.list(),
    "databases_delete_opensearch_index": INDEXES.delete(),
}
