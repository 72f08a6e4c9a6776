"""What the clients of a fault run do: a table of operations, each with its claim, its call, and the look that tells whether it is so.

Everything follows from the seed, the client and the operation's number, as far as the account has the same things in it. What a
client makes has a name with its own number and the operation's. In a *duel* both clients act on the same droplet or use the same
name at the same moment, with requests that differ in one visible field.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.faults.command_operations import CommandOperations
from tests.faults.droplet_operations import DropletOperations
from tests.faults.other_operations import OTHERS, OtherOperations
from tests.faults.thing_operations import ThingOperations

if TYPE_CHECKING:
    from tests.faults.side import Task

#: How often each operation comes.
_WEIGHTS = {
    "_create": 12,
    "_delete_droplet": 8,
    "_power": 12,
    "_rename": 4,
    "_snapshot": 6,
    "_resize": 7,
    "_rebuild": 3,
    "_backups": 4,
    "_restore": 1,
    "_create_key": 4,
    "_update_key": 2,
    "_delete_key": 3,
    "_create_tag": 3,
    "_delete_tag": 2,
    "_tag_droplet": 3,
    "_create_domain": 3,
    "_delete_domain": 2,
    "_create_record": 5,
    "_update_record": 3,
    "_delete_record": 3,
    "_update_image": 2,
    "_transfer": 3,
    "_delete_image": 2,
    "_create_other": 10,
    "_update_other": 6,
    "_delete_other": 6,
    "_resize_volume": 3,
    "_read": 10,
    "_do_create": 2,
    "_do_power": 3,
    "_do_rename": 2,
    "_do_many": 6,
}
#: Which pool an accepted creation belongs to, by its path.
POOL_OF = {
    "/v2/account/keys": "key",
    "/v2/tags": "tag",
    "/v2/domains": "domain",
    **{other.path: kind for kind, other in OTHERS.items()},
}


class Player(DropletOperations, ThingOperations, OtherOperations, CommandOperations):
    """A client's side, and what it does next."""

    def next(self, number: int) -> tuple[Task, bool]:
        """Return the operation of this number, and whether it is a duel."""
        both = random.Random(f"{self.seed}/{number}/duel")
        if both.random() < 0.12:
            duel = both.choice((self._twin, self._twin, self._shared_act, self._shared_act, self._twin_record))
            return duel(number, both), True
        rng = random.Random(f"{self.seed}/{self.me}/{number}/operation")
        verbs = [*_WEIGHTS]
        if self.do is None:
            verbs = [verb for verb in verbs if not verb.startswith("_do")]
        task = None
        while task is None:
            task = getattr(self, rng.choices(verbs, [_WEIGHTS[verb] for verb in verbs])[0])(number, rng)
        return task, False
