"""The actions that panels offer, and a request for one of them with its plan. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.plans.builders import action_chains, delete_droplet_chains, tag_chains, untag_chains
from poseidon_nb.plans.confirmation import button_label, question
from poseidon_nb.plans.plan import Plan
from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import escape_unprintable, pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.frozen_files import RestFile

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PanelVerb:
    """A verb with a button.

    Parameters
    ----------
    type : str
        The type of the action, as the API has it.
    has_form : bool
        Whether the button opens a form.
    help : str
        What it does, for verbs that are no action of the API.
    """

    type: str
    has_form: bool = False
    help: str = ""

    @property
    def warning(self) -> str:
        """The warning about its effect; may be empty."""
        return self.help or effect_of("dropletActions_post", {"type": self.type}).warning

    @property
    def label(self) -> str:
        """The label of its button."""
        return f"{verb_phrase(self.type).capitalize()}{'…' if self.has_form else ''}"


#: In the order of the buttons.
PANEL_VERBS: Mapping[str, PanelVerb] = {
    **{name: PanelVerb(name) for name in ("power_on", "shutdown", "reboot", "power_off", "power_cycle")},
    **{name: PanelVerb(name, has_form=True) for name in ("snapshot", "resize")},
    "freeze": PanelVerb("freeze", has_form=True, help="Only a snapshot is kept, from which it can be created again."),
    "lease": PanelVerb("lease", has_form=True, help="Once a lease is over, %do reap may destroy the droplet."),
}


#: The length of a lease that removes it.
NO_LEASE = "none"
#: The titles of requests with a value.
_TITLES = {
    "rename": "Rename {what} to {value}",
    "tag": "Add tag {value} to {what}",
    "untag": "Remove tag {value} from {what}",
    "lease": "Lease {what} for {value}",
    "unlease": "Remove the lease of {what}",
}


@dataclass(frozen=True)
class BulkRequest:
    """A verb requested for one or more droplets.

    Parameters
    ----------
    verb : str
    droplets : tuple of mapping
        Their rows as shown when the user clicked.
    names : mapping
        The name of each snapshot, by the id of the droplet.
    size : str
        The size to resize to.
    with_disk : bool
        Whether a resize grows the disk too.
    sizes : mapping
        All sizes by slug, for the price.
    value : str
        The new name of a droplet, the tag to add or remove, or the length of a lease.
    tag_exists : bool
        Whether that tag exists; otherwise it is created first.
    account : str
        The account's name in questions.
    chains : tuple of Chain or None
        Those of a verb whose plan is built from more of the account than the droplets.
    notes : tuple of str
        Remarks of that plan.
    files : tuple of RestFile
        What that plan keeps on this machine.
    """

    verb: str
    droplets: tuple[Row, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    size: str = ""
    with_disk: bool = False
    sizes: Mapping[str, Row] = field(default_factory=dict)
    value: str = ""
    tag_exists: bool = True
    account: str = ""
    chains: tuple[Chain, ...] | None = None
    notes: tuple[str, ...] = ()
    files: tuple[RestFile, ...] = ()

    @property
    def title(self) -> str:
        """The title: ``Resize 3 droplets to s-2vcpu-4gb``."""
        one = len(self.droplets) == 1
        what = escape_unprintable(str(self.droplets[0]["name"])) if one else pluralize(len(self.droplets), "droplet")
        disk = f" with {'its disk' if one else 'their disks'}" if self.with_disk else ""
        size = f" to {escape_unprintable(self.size)}{disk}" if self.size else ""
        name = f": {escape_unprintable(''.join(self.names.values()))}" if one and self.names else ""
        if self.value:
            title = "unlease" if self.verb == "lease" and self.value == NO_LEASE else self.verb
            return _TITLES[title].format(what=what, value=escape_unprintable(self.value))
        return f"{verb_phrase(self.verb).capitalize()} {what}{size}{name}"

    @cached_property
    def plan(self) -> Plan:
        """The plan that the engine executes. All texts about the request are derived from it."""
        if self.chains is not None:
            chains = self.chains
        elif self.size:
            parameters = {"size": self.size, "disk": self.with_disk}
            chains = action_chains(self.droplets, self.verb, parameters, restart=True, sizes=self.sizes)
        elif self.names:
            by_droplet = [
                action_chains([row], "take_snapshot", {"name": self.names[row["id"]]}) for row in self.droplets
            ]
            chains = tuple(chain for chains in by_droplet for chain in chains)
        elif self.verb == "tag":
            chains = tag_chains(self.droplets, self.value, exists=self.tag_exists)
        elif self.verb == "untag":
            chains = untag_chains(self.droplets, self.value)
        elif self.verb == "delete":
            chains = delete_droplet_chains(self.droplets)
        else:
            chains = action_chains(self.droplets, self.verb, {"name": self.value} if self.value else {})
        return Plan(self.title, self.account, chains, self.notes, files=self.files)

    def droplet_ids(self) -> list[list[int]]:
        """Return the ids of the droplets that each chain of the plan changes: one, or all that share its requests."""
        wanted = {row["id"] for row in self.droplets}
        targets = ([target for step in chain for target in step.targets] for chain in self.plan.chains)
        changed = ([one.id for one in listed if one.kind == "droplet"] for listed in targets)
        return [[one for one in dict.fromkeys(ids) if isinstance(one, int) and one in wanted] for ids in changed]

    @cached_property
    def question(self) -> str:
        """The question to confirm it."""
        return question(self.plan)

    @cached_property
    def confirm_label(self) -> str:
        """The label of the button that confirms it."""
        return button_label(self.plan)
