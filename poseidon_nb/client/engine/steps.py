"""Steps: what is to be sent, to what, and what it waits for. Plain data, the same for a verb, a plan and its dry run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.transport.request import Request

#: What a step waits for once its request was accepted.
#:
#: ``action``: the answer is an action, or several; until they have ended and the target reads accordingly.
#: ``droplets``: the answer is new droplets; until their create actions have ended and they read ``active``.
#: ``gone``: until the target cannot be read any more.
#: ``image``: the answer is a custom image; until it is available.
#: ``answer``: nothing, the answer is all.
Awaits = Literal["action", "droplets", "gone", "image", "answer"]


class When(StrEnum):
    """On what a step of a chain depends."""

    #: Every step before it went well.
    NEXT = "next"
    #: The target does not read as the steps before it should have left it.
    IF_NEEDED = "if needed"
    #: Something of its chain was sent, however that ended.
    ALWAYS = "always"
    #: As ``ALWAYS``, in a chain of which something was sent before it was interrupted.
    ANYWAY = "anyway"


@dataclass(frozen=True, slots=True)
class Target:
    """What a step changes.

    Parameters
    ----------
    kind : str
        Its singular: ``"droplet"``, ``"image"``, ``"SSH key"``.
    id : int, str or None
        None for what the step creates.
    name : str
        For people; the id as text where it has no name.
    """

    kind: str
    id: int | str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.id is None or str(self.id) == self.name else f"{self.name} ({self.id})"


@dataclass(frozen=True, slots=True)
class Change:
    """What a step changes of its targets.

    Parameters
    ----------
    field : str
        ``"size"``, ``"status"``; empty where the step creates, deletes or only acts.
    before, after : object
        None where it is not known.
    """

    field: str = ""
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that an earlier step of the plan will have.

    Parameters
    ----------
    shows : str
        What stands for it in the request until then: ``"<id of web-4>"``.
    chain : int
        The chain that makes it.
    field : str
        ``"id"``, or another field of what was made.
    """

    shows: str
    chain: int
    field: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a plan.

    Parameters
    ----------
    verb : str
        What tables call it: ``"resize"``, ``"create"``.
    targets : tuple of Target
        An outcome each; several for a create of many names, or for a tag on many things.
    request : Request
    awaits : str
    change : Change
    usd_month : float or None
        What it adds a month, in USD; negative where it saves; None where that is not known.
    reversible : bool
        Whether it can be undone.
    interrupts : bool
        Whether something that runs now stops or restarts.
    status : str
        What the droplet's status has to be; empty where any is right.
    when : When
    best_effort : bool
        The chain goes on when it fails.
    limit_s : float or None
        How long the chain waits for it before it goes on, in seconds. None: until it has ended.
    unchanged : str
        Why nothing needs to be sent; empty where something does.
    references : tuple of Reference
        Values in the request that are not known yet.
    """

    verb: str
    targets: tuple[Target, ...]
    request: Request
    awaits: Awaits = "answer"
    change: Change = field(default_factory=Change)
    usd_month: float | None = 0.0
    reversible: bool = True
    interrupts: bool = False
    status: str = ""
    when: When = When.NEXT
    best_effort: bool = False
    limit_s: float | None = None
    unchanged: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def label(self) -> str:
        """What messages call it: ``resize web-1``."""
        names = [target.name for target in self.targets]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"{self.verb} {names[0]}{more}" if names else self.verb

    def resolved(self, values: Mapping[str, Any]) -> Step:
        """Return the step with its references replaced by values, which are keyed by what stands for them."""
        if not self.references:
            return self
        request = self.request
        path = request.path
        for shows, value in values.items():
            path = path.replace(shows, str(value))
        return replace(self, request=replace(request, path=path, body=_filled(request.body, values)), references=())


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return values.get(value, value)
    if isinstance(value, dict):
        return {name: _filled(inner, values) for name, inner in value.items()}
    return [_filled(inner, values) for inner in value] if isinstance(value, list | tuple) else value


#: Steps of one target in their order; chains of different targets run side by side.
Chain: TypeAlias = "tuple[Step, ...]"
