"""What the company watches and has imported: an alert on its databases, and an image of its own.

Invoices and curves are nothing to plant: they follow from what is there. Only of addresses does nothing say how old they
are, so that is said here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import company
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.services.alert_policies import add_policy
from poseidon_nb.sandbox.services.custom_images import arrived, image_object
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

_DAY_S = 86_400
_IMAGE_AGE_DAYS = 33.6
_ADDRESS_AGE_DAYS = 71.2


def plant(world: World, now: float) -> None:
    """Put the alert policy and the custom image into the account."""
    if not len(world.droplets):
        return
    add_policy(
        world,
        {
            "type": "v1/insights/droplet/cpu",
            "description": "CPU of the databases",
            "compare": "GreaterThan",
            "value": 80,
            "window": "10m",
            "entities": [],
            "tags": ["db"],
            "alerts": {"email": [company.OWNER], "slack": []},
            "enabled": True,
        },
    )
    id_ = world.next_id("images")
    shown = image_object(
        id_,
        "tidepool-router-2.4",
        distribution="Debian",
        created_at=stamp(now - _IMAGE_AGE_DAYS * _DAY_S),
        tags=[],
        description="Routing engine with its base map",
    )
    kept = {"url": "https://images.tidepool-maps.example/router-2.4.qcow2", "region": "nyc3", "good": True}
    for address in world.reserved_ips.listed():
        world.reserved_ips.put(address["ip"], address.keeping(since=now - _ADDRESS_AGE_DAYS * _DAY_S))
    world.images.put(id_, arrived(world, Record(shown, kept)))
