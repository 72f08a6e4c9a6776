"""What was asked of some droplets, or of one, and what it is for each of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.droplet_steps import action_step, resize_step, snapshot_step, with_restart
from poseidon_nb.text import counted, printable
from poseidon_nb.widgets.activity import spoken
from poseidon_nb.widgets.resizing import RESTARTING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.engine.steps import Chain

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
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
    """

    verb: str
    droplets: tuple[Row, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    size: str = ""
    with_disk: bool = False

    @property
    def title(self) -> str:
        """What it is: ``Resize 3 droplets to s-2vcpu-4gb``."""
        one = len(self.droplets) == 1
        what = printable(str(self.droplets[0]["name"])) if one else counted(len(self.droplets), "droplet")
        disk = f" with {'its disk' if one else 'their disks'}" if self.with_disk else ""
        size = f" to {printable(self.size)}{disk}" if self.size else ""
        name = f": {printable(''.join(self.names.values()))}" if one and self.names else ""
        return f"{spoken(self.verb).capitalize()} {what}{size}{name}"

    def planned(self, droplet: Row) -> tuple[str, ...]:
        """Return the types of the actions that it takes on a droplet, where it takes several."""
        return RESTARTING if self.size and droplet.get("status") == "active" else ()

    def chain(self, droplet: Row) -> Chain:
        """Return the steps that it takes on a droplet."""
        if self.size:
            return with_restart(droplet, resize_step(droplet, self.size, disk=self.with_disk))
        if self.verb == "snapshot":
            return (snapshot_step(droplet, self.names.get(droplet["id"])),)
        return (action_step(droplet, self.verb),)
