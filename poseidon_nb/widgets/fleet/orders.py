"""What was asked of some droplets, or of one, and the plan that it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.builders import action_chains
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import escape_unprintable, pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """What was clicked, and is to be done.

    Parameters
    ----------
    verb : str
    droplets : tuple of mapping
        The rows as they were shown when it was clicked.
    names : mapping
        What the snapshot of each droplet is called, by the droplet's id.
    size : str
        To resize to.
    with_disk : bool
        Whether a resize grows the disk too.
    sizes : mapping
        The sizes that there are, by slug, for the price.
    """

    verb: str
    droplets: tuple[Row, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    size: str = ""
    with_disk: bool = False
    sizes: Mapping[str, Row] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is: ``Resize 3 droplets to s-2vcpu-4gb``."""
        one = len(self.droplets) == 1
        what = escape_unprintable(str(self.droplets[0]["name"])) if one else pluralize(len(self.droplets), "droplet")
        disk = f" with {'its disk' if one else 'their disks'}" if self.with_disk else ""
        size = f" to {escape_unprintable(self.size)}{disk}" if self.size else ""
        name = f": {escape_unprintable(''.join(self.names.values()))}" if one and self.names else ""
        return f"{verb_phrase(self.verb).capitalize()} {what}{size}{name}"

    @cached_property
    def plan(self) -> Plan:
        """The plan of it: what the engine executes, and what all words about it are derived from."""
        if self.size:
            wanted = {"size": self.size, "disk": self.with_disk}
            chains = action_chains(self.droplets, self.verb, wanted, restart=True, sizes=self.sizes)
        elif self.names:
            named = [action_chains([row], "take_snapshot", {"name": self.names[row["id"]]}) for row in self.droplets]
            chains = tuple(chain for one in named for chain in one)
        else:
            chains = action_chains(self.droplets, self.verb)
        return Plan(self.title, "", chains)
