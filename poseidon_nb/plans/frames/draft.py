"""The chains of a plan while they are built: which exist, which wait for others, and what they will create."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import address_of
from poseidon_nb.client.engine.steps import FieldChange, Reference, Step, Target
from poseidon_nb.client.project_members import project_ids
from poseidon_nb.text import did_you_mean, is_integer
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.frames.compare import Difference

    Row = Mapping[str, Any]

ID_OF, ADDRESS_OF = "<id of ", "<address of "


class Draft:
    """The chains of a plan that is being built.

    Parameters
    ----------
    account : AccountReader
    restart : bool
        Whether running droplets may be restarted for a resize.
    """

    def __init__(self, account: AccountReader, *, restart: bool = False) -> None:
        self.account = account
        self.restart = restart
        self.chains: list[Chain] = []
        self.errors: list[str] = []
        #: The chain that creates each new droplet, by its name; None before it is built.
        self.new_droplets: dict[str, int | None] = {}
        #: The chains that must be through before a droplet gets a tag, by the tag: those of firewalls.
        self.firewalls: dict[str, list[int]] = {}
        self._created_tags: dict[str, int] = {}
        #: The last chain that acts on a droplet, by its id or the placeholder of its id.
        self._last: dict[int | str, list[int]] = {}

    def add(self, *steps: Step, after: Iterable[int] = ()) -> int:
        """Add a chain that starts after others have succeeded, and return its number."""
        waits = tuple(Reference("", number) for number in dict.fromkeys(after))
        first = replace(steps[0], references=(*steps[0].references, *waits))
        self.chains.append((first, *steps[1:]))
        return len(self.chains) - 1

    def act(self, *steps: Step, on: Iterable[int | str], after: Iterable[int] = ()) -> int:
        """Add a chain that acts on droplets, which allow one action at a time: it starts after the others on them."""
        droplets = [*dict.fromkeys(on)]
        earlier = [number for droplet in droplets for number in self._last.get(droplet, ())]
        number = self.add(*steps, after=(*after, *earlier))
        for droplet in droplets:
            self._last[droplet] = [number]
        return number

    def create_tag(self, name: str) -> tuple[int, ...]:
        """Return the chain that creates a tag, as what to wait for; nothing if the tag exists."""
        folded = name.casefold()
        if folded in self._created_tags:
            return (self._created_tags[folded],)
        if self.account.has_tag(name):
            return ()
        step = Step(
            verb="create",
            targets=(Target("tag", None, name),),
            request=build_request(operation("tags_create"), body={"name": name}),
        )
        self._created_tags[folded] = self.add(step)
        return (self._created_tags[folded],)

    @cached_property
    def droplets(self) -> Sequence[Row]:
        """All droplets of the account, as the API sends them."""
        return [droplet.to_dict() for droplet in self.account.client.droplets.list()]

    @cached_property
    def droplets_by_id(self) -> Mapping[int, Row]:
        """All droplets by id."""
        return {int(row["id"]): row for row in self.droplets}

    @cached_property
    def projects(self) -> Mapping[str, str]:
        """The ids of all projects by name."""
        return project_ids(self.account.client)

    def droplet(self, word: Any) -> int | str:
        """Return the id of a droplet by id or name; for one that the plan creates, the placeholder of its id.

        Raises
        ------
        ValueError
            There is none, or several have the name.
        """
        text = str(int(word)) if isinstance(word, float) and word.is_integer() else str(word).strip()
        if text.startswith(ID_OF) and text.endswith(">"):
            text = text[len(ID_OF) : -1]
        if is_integer(text.removesuffix(".0")) and text not in self._names:
            # A column with empty cells is one of floats, and a file has it as text.
            text = text.removesuffix(".0")
        if is_integer(text):
            if int(text) in self.droplets_by_id:
                return int(text)
            raise ValueError(f"droplet {text} does not exist")
        found = [row for row in self.droplets if row.get("name") == text]
        if text in self.new_droplets:
            return f"{ID_OF}{text}>"
        if len(found) == 1:
            return int(found[0]["id"])
        if found:
            ids = ", ".join(str(row["id"]) for row in found)
            raise ValueError(f"{len(found)} droplets are named {text!r}. Use one of their ids: {ids}")
        raise ValueError(f"droplet {text!r} not found{did_you_mean(text, self._names)}".removesuffix("."))

    @cached_property
    def _names(self) -> list[str]:
        return [str(row.get("name")) for row in self.droplets]

    @cached_property
    def regions(self) -> Sequence[str]:
        """The regions that have any size."""
        return sorted({slug for size in self.account.sizes.values() for slug in size.get("regions") or ()})

    def address(self, name: str) -> str:
        """Return the public address of a droplet by name; for one that the plan creates, the placeholder of its address.

        Raises
        ------
        ValueError
            There is no such droplet, or it has no address.
        """
        id_ = self.droplet(name)
        if isinstance(id_, str):
            return f"{ADDRESS_OF}{name}>"
        found = address_of(self.droplets_by_id[id_], "public")
        if found is None:
            raise ValueError(f"droplet {name!r} has no public address")
        return found

    def references(self, *values: Any) -> tuple[Reference, ...]:
        """Return the references for the placeholders among some values of a request."""
        found = []
        for value in values:
            for prefix, field in ((ID_OF, "id"), (ADDRESS_OF, "public_ipv4")):
                name = value[len(prefix) : -1] if isinstance(value, str) and value.startswith(prefix) else ""
                chain = self.new_droplets.get(name)
                if chain is not None:
                    found.append(Reference(value, chain, field))
        return tuple(dict.fromkeys(found))


def change_of(differences: Sequence[Difference]) -> FieldChange:
    """Return differences that one request makes as the change of its step."""
    if len(differences) == 1:
        (one,) = differences
        return FieldChange(one.field.name, one.before, one.after)
    return FieldChange(
        ", ".join(one.field.name for one in differences),
        ", ".join(f"{one.field.name} {one.before}" for one in differences),
        ", ".join(f"{one.field.name} {one.after}" for one in differences),
    )
