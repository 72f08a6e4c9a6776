"""What the company has besides its droplets: a module for each subject, with one function ``plant(world, now)``.

They run in this order, after the droplets are there; each looks for the droplets that it needs by name and does without
those that a small account lacks. With no droplets the account stays empty but for what every account has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.planters import money, names, network, storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.world import World

#: Called with the world and the time of its beginning, in Unix seconds.
PLANTERS: tuple[Callable[[World, float], None], ...] = (storage.plant, network.plant, money.plant, names.plant)
