"""A `Plan`: chains of steps that together are one change to an account. Plain data until `Plan.apply` executes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from threading import Lock
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import BulkFailed, InvalidArgument
from poseidon_nb.plans.outcomes import failure_summary, failures, outcomes_frame, with_pending
from poseidon_nb.plans.summary import change_label, headline, listing, value_text
from poseidon_nb.text import NO_MATH, escape_unprintable, is_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Outcome, Step, Target
    from poseidon_nb.plans.frozen_files import RestFile
    from poseidon_nb.transport.request import Request

#: The field of a droplet's JSON that shows what a step changes, by the field of its `Change`.
_DROPLET_FIELDS = {"status": "status", "size": "size_slug", "name": "name"}

ALREADY_EXECUTED = "This plan was already executed. Build it again to repeat the change."
WITHOUT_CLIENT = "A copied or stored plan has no client. Execute it with %do apply {plan}, or build it again."


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What a command will change.

    Parameters
    ----------
    title : str
        The command as it was typed.
    account : str
        The account's name in questions.
    chains : tuple of Chain
    notes : tuple of str
        Remarks for the user that no step contains.
    client : Client, optional
        The account's client; not part of the data.
    files : tuple of RestFile
        What is kept on this machine, written right before the first request.
    identity : str
        Distinguishes the account from others with the same name, like `Client.identity`. Kept when the plan is pickled.
    """

    title: str
    account: str
    chains: tuple[Chain, ...] = ()
    notes: tuple[str, ...] = ()
    client: Client | None = field(default=None, compare=False)
    identity: str = field(default="", compare=False)
    files: tuple[RestFile, ...] = ()
    #: Held once the plan was executed, so that running a cell again does not create everything twice.
    executed: Lock = field(default_factory=Lock, compare=False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps that are sent, or may have to be, chain by chain."""
        return tuple(step for chain in self.chains for step in chain if not step.unchanged)

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is changed, each once. Targets that do not exist yet are counted by name."""
        return tuple(dict.fromkeys(target for step in self.steps for target in step.targets))

    @property
    def usd_month(self) -> float | None:
        """What the plan adds per month in USD; negative if it saves; None if unknown."""
        amounts = [step.usd_month for step in self.steps]
        known = [amount for amount in amounts if amount is not None]
        return sum(known) if len(known) == len(amounts) else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.steps

    def rows(self) -> Iterator[tuple[int, int, Step, Target]]:
        """Iterate over all steps and targets, each with the numbers of its chain and step, from 0."""
        for number, chain in enumerate(self.chains):
            for place, step in enumerate(chain):
                for target in step.targets:
                    yield number, place, step, target

    def requests(self) -> list[Request]:
        """Return the requests in order, including those that are sent only if needed."""
        return [step.request for step in self.steps]

    def frame(self) -> pd.DataFrame:
        """Return the plan as a DataFrame.

        Returns
        -------
        pandas.DataFrame
            A row for each step and target; columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan"]``.
        """
        from poseidon_nb.frames.validation import build_derived  # noqa: PLC0415  # pandas is imported on first use

        rows = [*self.rows()]
        return build_derived(
            "plan",
            {
                "chain": [chain for chain, _, _, _ in rows],
                "step": [number for _, number, _, _ in rows],
                "resource_type": [target.kind for _, _, _, target in rows],
                "id": [value_text(target.id) for _, _, _, target in rows],
                "name": [target.name for _, _, _, target in rows],
                "change": [change_label(step) for _, _, step, _ in rows],
                "from": [value_text(step.change.before) for _, _, step, _ in rows],
                "to": [value_text(step.change.after) for _, _, step, _ in rows],
                "restart": [step.interrupts and not step.unchanged for _, _, step, _ in rows],
                "usd_month": [_usd_month_each(step) for _, _, step, _ in rows],
                "reversible": [step.reversible or bool(step.unchanged) for _, _, step, _ in rows],
            },
        )

    def run(
        self,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        on_idle: Callable[[], None] | None = None,
    ) -> list[Outcome]:
        """Execute the plan, and return an outcome for each step and target. Failures are not raised.

        Parameters
        ----------
        wait : bool
            Block until everything has ended; otherwise return once each chain's first step was answered.
        timeout_s : float, optional
            Limit for the whole plan, in seconds from now.
        on_progress : callable, optional
            Called in this thread with a `Progress` for each action.
        on_idle : callable, optional
            Called in this thread several times a second.

        Raises
        ------
        InvalidArgument
            The plan was copied or stored and has no client, or it was already executed.
        """
        if self.client is None:
            raise InvalidArgument(WITHOUT_CLIENT)
        if not self.executed.acquire(blocking=False):
            raise InvalidArgument(ALREADY_EXECUTED)
        self.write_files()
        outcomes = self.client.engine.run(
            self.chains,
            title=self.title,
            notes=self.notes,
            wait=wait,
            timeout_s=timeout_s,
            on_progress=on_progress,
            on_idle=on_idle,
        )
        return with_pending(self, outcomes)

    def write_files(self) -> None:
        """Write what the plan keeps on this machine, right before its first request."""
        for file in self.files:
            file.write()

    def apply(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> pd.DataFrame:
        """Execute the plan without confirmation, and return the outcomes.

        Parameters
        ----------
        wait, timeout_s, on_progress
            See `run`.

        Returns
        -------
        pandas.DataFrame
            A row for each step and target; columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan_outcomes"]``.

        Raises
        ------
        InvalidArgument
            The plan was already executed, or a droplet has changed since it was built. Nothing was changed.
        BulkFailed
            A step failed; the error's ``frame`` has all outcomes.
        """
        if self.client is not None:
            check_unchanged(self, self.client)
        outcomes = self.run(wait=wait, timeout_s=timeout_s, on_progress=on_progress)
        frame, failed = outcomes_frame(self, outcomes), failures(self, outcomes)
        if failed:
            raise BulkFailed(failure_summary(outcomes, failed), frame=frame)
        return frame

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the client, which holds a token."""
        return Plan, (self.title, self.account, self.chains, self.notes, None, self.identity, self.files)

    def __repr__(self) -> str:
        return listing(self)

    def _repr_html_(self) -> str:
        from poseidon_nb.frames.html_table import html_table  # noqa: PLC0415  # loads pandas
        from poseidon_nb.frames.layout import View  # noqa: PLC0415  # likewise

        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        table = html_table(self.frame(), View()) if self.chains else ""
        return f"<div class='{NO_MATH}'><div><b>{escape(headline(self))}</b></div>{table}{notes}</div>"


def _usd_month_each(step: Step) -> float | None:
    if step.unchanged:
        return 0.0
    return None if step.usd_month is None else step.usd_month / len(step.targets)


def check_unchanged(plan: Plan, client: Client) -> None:
    """Read the droplets of a plan, and check that they are as they were when the plan was built.

    Raises
    ------
    InvalidArgument
        A droplet was deleted, renamed, resized or switched on or off since. Nothing was changed.
    """
    first_steps = {
        int(str(step.targets[0].id)): step for chain in plan.chains if (step := _droplet_step(chain)) is not None
    }
    if not first_steps:
        return
    rows = client.droplets.read_each(first_steps)
    for droplet_id, step in first_steps.items():
        if change := _change_since(step, rows.get(droplet_id)):
            name = escape_unprintable(step.targets[0].name)
            raise InvalidArgument(
                f"Droplet {name} ({droplet_id}) {change} since this plan was built. Build the plan again."
            )


def _droplet_step(chain: Chain) -> Step | None:
    """Return the first step of a chain that is on a droplet, if the droplet exists."""
    step = next((step for step in chain if step.targets[0].kind == "droplet"), None)
    known = step is not None and step.targets[0].kind == "droplet" and is_integer(str(step.targets[0].id))
    return step if known else None


def _change_since(step: Step, row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "has been deleted"
    if step.change.field != "name" and row.get("name") != step.targets[0].name:
        return f"has been renamed to {escape_unprintable(str(row.get('name')))}"
    field_name = _DROPLET_FIELDS.get(step.change.field)
    now = row.get(field_name) if field_name else None
    if field_name and step.change.before is not None and now != step.change.before:
        return f"has changed its {step.change.field} from {step.change.before} to {escape_unprintable(str(now))}"
    return ""
