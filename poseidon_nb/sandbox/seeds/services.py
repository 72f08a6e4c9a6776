"""The company's managed services: two database clusters, a Kubernetes cluster, a registry and an app.

They are created as of the past by the functions of the operations, so they have all that follows from a creation. Only a
complete account has them. The Kubernetes cluster was scaled to no node, and its control plane still costs money.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.call import Call
from poseidon_nb.sandbox.fields import read_fields
from poseidon_nb.sandbox.seeds import company
from poseidon_nb.sandbox.services import OPERATIONS
from poseidon_nb.sandbox.services.container_images import push_image
from poseidon_nb.sandbox.services.container_registries import add_registry
from poseidon_nb.sandbox.services.kubernetes_nodes import add_pool
from poseidon_nb.sandbox.services.kubernetes_resources import CLUSTERS, POOL_FIELDS
from poseidon_nb.sandbox.timestamps import DAY_S

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

_REGION = "nyc3"
_REGISTRY = "tidepool"
#: The age of each cluster in days, and the body that creates it.
_DATABASES: tuple[tuple[float, dict[str, Any]], ...] = (
    (128.3, {"name": "orders", "engine": "pg", "version": "17", "size": "db-s-1vcpu-2gb", "tags": ["env:prod"]}),
    (96.7, {"name": "sessions", "engine": "valkey", "version": "8", "size": "db-s-1vcpu-1gb", "tags": ["env:prod"]}),
)
_DATABASE_PLACE = {"region": _REGION, "num_nodes": 1}
_KUBERNETES_AGE_DAYS = 52.4
_KUBERNETES = {"name": "render", "region": _REGION, "version": "latest", "ha": True, "tags": ["env:staging"]}
_POOL = {"name": "workers", "size": "s-2vcpu-4gb", "count": 0}
#: The age of each image in days, its repository and its tag.
_IMAGES = ((88.0, "tiles-api", "1.8"), (31.5, "tiles-api", "1.9"), (9.2, "tiles-api", "2.0"))
_APP_AGE_DAYS = 74.6
_APP = {
    "name": "tiles-api",
    "region": "nyc",
    "services": [
        {
            "name": "web",
            "image": {"registry_type": "DOCR", "repository": "tiles-api", "tag": "2.0"},
            "instance_size_slug": "apps-s-1vcpu-1gb",
            "instance_count": 1,
            "http_port": 8080,
        }
    ],
}


def add_services(world: World, now: float) -> None:
    """Add the managed services to a complete account."""
    if len(world.droplets) <= len(company.DROPLETS):
        return
    for age_days, body in _DATABASES:
        _create(world, now - age_days * DAY_S, "databases_create_cluster", body | _DATABASE_PLACE)
    with world.as_of(now - _KUBERNETES_AGE_DAYS * DAY_S):
        cluster = CLUSTERS.create_from(_call(world, "kubernetes_create_cluster", _KUBERNETES))
        add_pool(world, cluster, read_fields(POOL_FIELDS, _POOL), world.now())
    with world.as_of(now - _IMAGES[0][0] * DAY_S):
        add_registry(world, _REGISTRY, _REGION, "basic")
    for age_days, repository, tag in _IMAGES:
        push_image(world, _REGISTRY, repository, tag, now - age_days * DAY_S)
    _create(world, now - _APP_AGE_DAYS * DAY_S, "apps_create", {"spec": _APP})
    world.advance()


def _create(world: World, at: float, operation: str, body: dict[str, Any]) -> None:
    with world.as_of(at):
        OPERATIONS[operation](_call(world, operation, body))


def _call(world: World, operation: str, body: dict[str, Any]) -> Call:
    return Call(world, operation, "", "", {}, {}, body)
