"""What panels offer to do to a droplet, or to a selection of them: one list, in the order of the buttons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.client.engine.droplet_steps import STATUS_FOR
from poseidon_nb.plans.summary import verb_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that can be done.

    Parameters
    ----------
    type : str
        The action's, as the API has it.
    form : bool
        Whether it has a form, which its button opens.
    """

    type: str
    form: bool = False

    @property
    def status(self) -> str:
        """What a droplet's status has to be for it; empty is on or off."""
        return STATUS_FOR.get(self.type, "")

    @property
    def meaning(self) -> str:
        """What there is to warn of."""
        return effect_of("dropletActions_post", {"type": self.type}).warning

    @property
    def label(self) -> str:
        """What its button says."""
        return f"{verb_phrase(self.type).capitalize()}{'…' if self.form else ''}"


VERBS: Mapping[str, Verb] = {
    **{name: Verb(name) for name in ("power_on", "shutdown", "reboot", "power_off", "power_cycle")},
    **{name: Verb(name, form=True) for name in ("snapshot", "resize")},
}
