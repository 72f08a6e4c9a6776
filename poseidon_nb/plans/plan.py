"""A `Plan`: chains of steps that together are one change to an account. Plain data until `Plan.apply` executes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from threading import Lock
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import BulkFailed, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.transport.request import Request


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What a command will change, before it does.

    Parameters
    ----------
    title : str
        The command as it was typed.
    account : str
        Whose account it is for, as questions call it.
    chains : tuple of Chain
    notes : tuple of str
        What a person should know that no step says.
    client : Client, optional
        Of the account; no part of the data.
    identity : str
        What tells the account from every other one of that name, as `Client.identity` does; kept when the plan is stored.
    """

    title: str
    account: str
    chains: tuple[Chain, ...] = ()
    notes: tuple[str, ...] = ()
    client: Client | None = field(default=None, compare=False)
    identity: str = field(default="", compare=False)
    #: Held once the plan was executed: a cell that runs again must not make everything twice.
    executed: Lock = field(default_factory=Lock, compare=False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps that would be sent, or may have to be, chain by chain."""
        return tuple(step for chain in self.chains for step in chain if not step.unchanged)

    @property
    def things(self) -> tuple[Target, ...]:
        """What is changed, each once; things that do not exist yet count each by its name."""
        return tuple(dict.fromkeys(target for step in self.steps for target in step.targets))

    @property
    def usd_month(self) -> float | None:
        """What it adds a month, in USD; negative where it saves; None where that is not known."""
        amounts = [step.usd_month for step in self.steps]
        known = [amount for amount in amounts if amount is not None]
        return sum(known) if len(known) == len(amounts) else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.steps

    def rows(self) -> Iterator[tuple[int, int, Step, Target]]:
        """Iterate over its steps and their targets, each with the numbers of chain and step, from 0."""
        for number, chain in enumerate(self.chains):
            for place, step in enumerate(chain):
                for target in step.targets:
                    yield number, place, step, target

    def requests(self) -> list[Request]:
        """Return the requests in order, those that are sent only if needed among them."""
        return [step.request for step in self.steps]

    def frame(self) -> pd.DataFrame:
        """Return the plan as a DataFrame.

        Returns
        -------
        pandas.DataFrame
            A row for each step and target; columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan"]``.
        """
        from poseidon_nb.plans.frames import frame_of  # noqa: PLC0415  # pandas comes at first use

        return frame_of(self)

    def run(
        self,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        on_idle: Callable[[], None] | None = None,
    ) -> list[Outcome]:
        """Execute the plan, and return what became of each step and target; a failure is not raised.

        Parameters
        ----------
        wait : bool
            Block until everything has ended; else return once each chain's first step was answered.
        timeout_s : float, optional
            Seconds from now for all of it.
        on_progress : callable, optional
            Told a `Progress` of each action, in this thread.
        on_idle : callable, optional
            Called several times a second, in this thread.

        Raises
        ------
        InvalidArgument
            The plan was copied or stored and knows no account, or it was executed already.
        """
        if self.client is None:
            raise InvalidArgument(
                "a copied or stored plan has no account: execute it with %do apply {plan}, or build it again"
            )
        if not self.executed.acquire(blocking=False):
            raise InvalidArgument("this plan was executed already: build it again to do the same once more")
        from poseidon_nb.plans.outcomes import for_each  # noqa: PLC0415  # needed once something was executed

        outcomes = self.client.engine.run(
            self.chains, title=self.title, wait=wait, timeout_s=timeout_s, on_progress=on_progress, on_idle=on_idle
        )
        return for_each(self, outcomes)

    def apply(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> pd.DataFrame:
        """Execute the plan, without a question, and return what became of it.

        Parameters
        ----------
        wait, timeout_s, on_progress
            As for `run`.

        Returns
        -------
        pandas.DataFrame
            A row for each step and target; columns as in ``poseidon_nb.frames.schemas.DERIVED_TABLES["plan_outcomes"]``.

        Raises
        ------
        InvalidArgument
            The plan was executed already, or a droplet has changed since it was built. Nothing was done.
        BulkFailed
            A step failed; the error's ``frame`` has all outcomes.
        """
        from poseidon_nb.plans.frames import outcomes_frame  # noqa: PLC0415  # pandas comes at first use
        from poseidon_nb.plans.freshness import check_fresh  # noqa: PLC0415  # as in `run`
        from poseidon_nb.plans.outcomes import failures, failures_text  # noqa: PLC0415  # as in `run`

        if self.client is not None:
            check_fresh(self, self.client)
        outcomes = self.run(wait=wait, timeout_s=timeout_s, on_progress=on_progress)
        frame, failed = outcomes_frame(self, outcomes), failures(self, outcomes)
        if failed:
            raise BulkFailed(failures_text(outcomes, failed), frame=frame)
        return frame

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the client, which holds a token."""
        return Plan, (self.title, self.account, self.chains, self.notes, None, self.identity)

    def __repr__(self) -> str:
        from poseidon_nb.plans.texts import listing  # noqa: PLC0415  # texts know plans

        return listing(self)

    def _repr_html_(self) -> str:
        from poseidon_nb.plans.texts import MAX_LINES, headline  # noqa: PLC0415  # as above

        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        table: str = self.frame().to_html(
            index=False, na_rep="", border=0, float_format="{:,.2f}".format, max_rows=MAX_LINES
        )
        return f"<div><b>{escape(headline(self))}</b></div>{table}{notes}"
