"""Steps, their outcomes, and the record that is kept of an execution.

A step says what to send, to which targets, and what to wait for. It is plain data, the same for a verb, a plan and its dry
run. The record lets an interrupted plan be resumed after the kernel has ended; `plans` implements it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.transport.request import Request

#: What a step waits for after its request was accepted.
#:
#: ``action``: the response holds one or more actions. Wait until they end and the target reads accordingly.
#: ``droplets``: the response holds new droplets. Wait until their create actions end and they read ``active``.
#: ``gone``: wait until the target can no longer be read.
#: ``image``: the response holds a custom image. Wait until it is available.
#: ``status``: the path or the response names a resource with a status. Wait until nothing is in progress on it.
#: ``answer``: wait for nothing but the response.
Awaits = Literal["action", "droplets", "gone", "image", "status", "answer"]
#: ``in-progress``: accepted, but not waited for until its end. ``skipped``: never sent. ``unknown``: sent, but neither a
#: response nor the account shows whether it was done.
Status = Literal["completed", "unchanged", "in-progress", "failed", "skipped", "unknown"]


class When(StrEnum):
    """The condition under which a step of a chain runs."""

    #: All earlier steps succeeded.
    NEXT = "next"
    #: The target does not read as the earlier steps should have left it.
    IF_NEEDED = "if needed"
    #: A step of the chain was sent, whatever its outcome.
    ALWAYS = "always"
    #: Like ``ALWAYS``, for a chain of which a step was sent before it was interrupted.
    ANYWAY = "anyway"
    #: A step of the chain was sent, and a later one failed or was not sent.
    ON_FAILURE = "on failure"


@dataclass(frozen=True, slots=True)
class Target:
    """A resource that a step changes.

    Parameters
    ----------
    kind : str
        Singular noun: ``"droplet"``, ``"image"``, ``"SSH key"``.
    id : int, str or None
        None for a resource that the step creates.
    name : str
        Name for messages; the id as text if the resource has no name.
    """

    kind: str
    id: int | str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.id is None or str(self.id) == self.name else f"{self.name} ({self.id})"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The field of its targets that a step changes.

    Parameters
    ----------
    field : str
        ``"size"``, ``"status"``; empty if the step creates, deletes or only acts.
    before, after : object
        None if unknown.
    """

    field: str = ""
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Another chain that a step waits for, or the value that a step of it provides.

    Parameters
    ----------
    placeholder : str
        Text that stands for the value in the request: ``"<id of web-4>"``. Empty if the step only waits until the chain
        has succeeded.
    chain : int
        Number of the chain.
    field : str
        ``"id"``, ``"id_text"`` for an id that is sent as text, ``"public_ipv4"``, ``"public_ipv6"``, or another field of
        the created resource.
    step, target : int
        Which step of the chain creates the resource, and which of its targets this is.
    """

    placeholder: str
    chain: int
    field: str = "id"
    step: int = 0
    target: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a plan.

    Parameters
    ----------
    verb : str
        Name of the step in tables: ``"resize"``, ``"create"``.
    targets : tuple of Target
        Each gets an outcome. Several for a create with many names, or for a tag on many resources.
    request : Request
    awaits : str
    change : FieldChange
    usd_month : float or None
        Added cost per month in USD, negative for savings; None if unknown.
    reversible : bool
        Whether the step can be undone.
    interrupts : bool
        Whether a running resource stops or restarts.
    status : str
        Status that the droplet must have; empty if any will do.
    when : When
    best_effort : bool
        Whether the chain continues if this step fails.
    limit_s : float or None
        Time limit in seconds before the chain continues. None waits until the step ends.
    unchanged : str
        Reason why nothing needs to be sent; empty if something does.
    references : tuple of Reference
        Chains that must succeed first, and values in the request that are not known yet.
    snapshot : str
        Name of a snapshot of the droplet that is read, and must be complete, right before the step is sent. Its id replaces
        the `snapshot_placeholder` in the request.
    snapshot_tags : str
        The tags that this snapshot must have right before the droplet is destroyed, separated by commas.
    lease : str
        The lease tags that the droplet must still have right before the step is sent, separated by commas.
    claim : str
        The tag by which this plan has claimed the frozen snapshot that the step creates a droplet from.
    unused : bool
        The step deletes a tag, and is sent only if nothing has it.
    owner : str
        What its targets belong to, in words: ``"database cluster orders"``; empty if they belong to the account.
    """

    verb: str
    targets: tuple[Target, ...]
    request: Request
    awaits: Awaits = "answer"
    change: FieldChange = field(default_factory=FieldChange)
    usd_month: float | None = 0.0
    reversible: bool = True
    interrupts: bool = False
    status: str = ""
    when: When = When.NEXT
    best_effort: bool = False
    limit_s: float | None = None
    unchanged: str = ""
    references: tuple[Reference, ...] = ()
    snapshot: str = ""
    snapshot_tags: str = ""
    lease: str = ""
    claim: str = ""
    unused: bool = False
    owner: str = ""

    @property
    def label(self) -> str:
        """The step in messages: ``resize web-1``."""
        names = [target.name for target in self.targets]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"{self.verb} {names[0]}{more}" if names else self.verb

    @property
    def runs_always(self) -> bool:
        """Whether the step is sent even after an earlier one has failed."""
        return self.when in {When.ALWAYS, When.ANYWAY}

    def resolved(self, values: Mapping[str, Any]) -> Step:
        """Return the step with its references replaced by values, keyed by placeholder."""
        return replace(self.with_values(values), references=()) if self.references else self

    def with_values(self, values: Mapping[str, Any]) -> Step:
        """Return the step with placeholders in its targets and its request replaced by values."""
        request = self.request
        return replace(
            self,
            targets=tuple(replace(target, id=_resolved_id(target.id, values)) for target in self.targets),
            request=replace(request, path=_filled(request.path, values), body=_with_values(request.body, values)),
        )


def snapshot_placeholder(name: str) -> str:
    """Return what stands for the id of the snapshot with a name in the request of a step with this `Step.snapshot`."""
    return f"<id of {name}>"


#: Steps on one target, in order. Chains on different targets run concurrently.
Chain: TypeAlias = "tuple[Step, ...]"


def _resolved_id(id_: int | str | None, values: Mapping[str, Any]) -> int | str | None:
    found = values.get(id_, id_) if isinstance(id_, str) else id_
    return int(found) if isinstance(found, str) and found.isdecimal() else found


def _filled(text: str, values: Mapping[str, Any]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, str(value)) if placeholder else text
    return text


def _with_values(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        # A whole text becomes the value itself, such as a number; part of a text, such as a URN, is filled in.
        return values[value] if value in values else _filled(value, values)
    if isinstance(value, dict):
        return {name: _with_values(inner, values) for name, inner in value.items()}
    return [_with_values(inner, values) for inner in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a step for one target.

    Parameters
    ----------
    step : Step
    target : Target
        With its id, also if the step created it.
    status : str
    action : Action or None
        The action on the target, if the API returned one.
    answer : object
        The part of the response about the target, such as a created droplet or a changed record; None if there is none.
    error : PoseidonError or None
        Why the step failed or is unfinished.
    why : str
        Why the target was left unchanged: ``"already off"``.
    """

    step: Step
    target: Target
    status: Status
    action: Action | None = None
    answer: Any = None
    error: PoseidonError | None = None
    why: str = ""


class ExecutionRecord(Protocol):
    """The record of one execution. Its methods may be called from any thread and never raise."""

    def sending(self, chain: int, step: int) -> None:
        """Record that a step's request is about to be sent. Without this record it was certainly not sent."""

    def accepted(
        self, chain: int, step: int, *, target_ids: Sequence[int | str | None], actions: Sequence[int]
    ) -> None:
        """Record that the API accepted a step.

        Parameters
        ----------
        chain, step : int
            Their numbers, from 0.
        target_ids : sequence
            The id of each target; None if the response did not contain it.
        actions : sequence of int
            Ids of the actions that the step started.
        """

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        """Record the outcomes of a step, one for each target."""

    def close(self) -> None:
        """Record that everything has ended."""

    def detach(self) -> None:
        """Stop recording: unfinished steps continue without this kernel, or not at all."""


class Recorder(Protocol):
    """Starts records."""

    def begin(self, chains: Sequence[Chain], title: str, notes: Sequence[str] = ()) -> ExecutionRecord:
        """Return the record of an execution that is about to send its first request.

        Parameters
        ----------
        chains : sequence of Chain
        title : str
            The command: ``"droplets resize web-1"``.
        notes : sequence of str
            Remarks for whoever resumes it.
        """


class _NoRecorder:
    """Records nothing."""

    def begin(self, chains: Sequence[Chain], title: str, notes: Sequence[str] = ()) -> ExecutionRecord:  # noqa: ARG002  # the protocol's
        return self

    def sending(self, chain: int, step: int) -> None:
        pass

    def accepted(
        self, chain: int, step: int, *, target_ids: Sequence[int | str | None], actions: Sequence[int]
    ) -> None:
        pass

    def ended(self, chain: int, step: int, outcomes: Sequence[Outcome]) -> None:
        pass

    def close(self) -> None:
        pass

    def detach(self) -> None:
        pass


NO_RECORDER: Recorder = _NoRecorder()
