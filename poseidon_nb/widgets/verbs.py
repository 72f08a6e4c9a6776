"""What panels offer to do to a droplet, or to a selection of them: one list, in the order of the buttons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.prices import SNAPSHOT_GB
from poseidon_nb.text import usd
from poseidon_nb.widgets.activity import spoken

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that can be done.

    Parameters
    ----------
    type : str
        The action's, as the API has it.
    status : str
        What a droplet's status has to be for it; empty is on or off.
    meaning : str
        What it does, for who has never seen it.
    asks : bool
        Whether it is asked about also for a single droplet.
    form : bool
        Whether it has a form, which its button opens.
    """

    type: str
    status: str
    meaning: str
    asks: bool = True
    form: bool = False

    @property
    def name(self) -> str:
        """What it is called: ``Power off``."""
        return spoken(self.type).capitalize()

    @property
    def label(self) -> str:
        """What its button says."""
        return f"{self.name}{'…' if self.form else ''}"


VERBS: Mapping[str, Verb] = {
    verb.type: verb
    for verb in (
        Verb("power_on", "off", "Switch on.", asks=False),
        Verb("shutdown", "active", "Ask the system to shut down."),
        Verb("reboot", "active", "Ask the system to restart."),
        Verb("power_off", "active", "Cut the power: what was not written to disk is lost."),
        Verb("power_cycle", "active", "Cut the power and switch on again."),
        Verb("snapshot", "", "Save the disk as an image.", form=True),
        Verb("resize", "", "Change the size.", form=True),
    )
}
#: What is said before one is taken: nothing else that panels offer costs more without naming a price.
SNAPSHOT_PRICE = f"A snapshot costs {usd(SNAPSHOT_GB.usd)} a month for each GB that it holds, until it is deleted."
