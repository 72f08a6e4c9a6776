"""What was asked of a selection of droplets, and what it is for each of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.droplets.steps import Step, resize_step
from poseidon_nb.text import counted, printable
from poseidon_nb.widgets.activity import spoken
from poseidon_nb.widgets.resizing import RESTARTING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What was clicked, and is to be done.

    Parameters
    ----------
    verb : str
    droplets : tuple of mapping
        The rows as they were shown when it was clicked.
    ending : str
        What stands behind each droplet's own name in the name of its snapshot.
    size : str
        To resize to.
    with_disk : bool
        Whether a resize grows the disk too.
    """

    verb: str
    droplets: tuple[Row, ...]
    ending: str = ""
    size: str = ""
    with_disk: bool = False

    @property
    def title(self) -> str:
        """What it is: ``Resize 3 droplets to s-2vcpu-4gb``."""
        one = len(self.droplets) == 1
        what = printable(str(self.droplets[0]["name"])) if one else counted(len(self.droplets), "droplet")
        disk = f" with {'its disk' if one else 'their disks'}" if self.with_disk else ""
        return f"{spoken(self.verb).capitalize()} {what}{f' to {printable(self.size)}{disk}' if self.size else ''}"

    def planned(self, droplet: Row) -> tuple[str, ...]:
        """Give the actions that it takes on a droplet, where it takes several."""
        return RESTARTING if self.size and droplet.get("status") == "active" else ()

    def step(self, droplet: Row) -> Step:
        """Give the action that it is for a droplet."""
        if self.verb == "snapshot":
            return Step(self.verb, {"name": snapshot_name(droplet, self.ending)})
        return resize_step(self.size, disk=self.with_disk) if self.size else Step(self.verb, {})


def snapshot_name(droplet: Row, ending: str) -> str:
    """Give what a droplet's snapshot is called: its own name comes first, so that many can be told apart."""
    return f"{droplet['name']}-{ending.strip()}"
