"""What came of a plan, as the answer of a command: a row for each thing, and an error when one failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import BulkFailed
from poseidon_nb.magics.answer import Answer
from poseidon_nb.plans.outcomes import failures_text, of_things

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.magics.job import Job
    from poseidon_nb.plans.plan import Plan

_TEXTS = ("name", "action", "status", "error")


def table_of(job: Job, plan: Plan, outcomes: Sequence[Outcome], *, kind: str = "") -> Answer:
    """Return the table; raise when something failed, unless ``--keep-going`` was given.

    Parameters
    ----------
    job : Job
    plan : Plan
    outcomes : sequence of Outcome
    kind : str
        Only things of this kind have rows.

    Raises
    ------
    PoseidonError
        The only thing failed: its own error.
    BulkFailed
        Some of several failed; the table has been shown, and is the error's ``frame``.
    """
    things = of_things(plan, outcomes, kind=kind)
    answer = _answer(
        [
            {
                "id": one.id,
                "name": one.name,
                "action": one.action,
                "status": one.status,
                "error": None if one.error is None else str(one.error),
            }
            for one in things
        ]
    )
    follow(job, outcomes)
    failed = [one.error for one in things if one.error is not None]
    if not failed or job.command.keep_going:
        return answer
    if len(things) == 1:
        raise failed[0]
    frame = answer.frame()
    job.front.show(frame)
    raise BulkFailed(failures_text(things, failed), frame=frame)


def follow(job: Job, outcomes: Sequence[Outcome]) -> None:
    """Leave rows that go on for what the command did not wait for."""
    if not job.command.no_wait:
        return
    going = [one for one in outcomes if one.error is None and one.status == "in-progress"]
    made = [one.answer for one in going if one.step.awaits == "droplets" and one.answer]
    actions = [one.action for one in going if one.step.awaits != "droplets" and one.action is not None]
    job.view.follow(job.client, actions, creating=made)


def _answer(rows: list[dict[str, Any]]) -> Answer:
    def frame() -> pd.DataFrame:
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        # A column in which all is well would otherwise have no type.
        return frame_from_rows("outcomes", rows).astype(dict.fromkeys(_TEXTS, "string"))

    return Answer(lambda: rows, frame)
