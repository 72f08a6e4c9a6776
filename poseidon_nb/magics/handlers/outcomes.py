"""What came of something done to several things: a row each, and an error when one failed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.droplets.bulk import on_each
from poseidon_nb.errors import BulkFailed
from poseidon_nb.magics.answer import Answer
from poseidon_nb.text import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.magics.job import Job


_TEXTS = ("name", "action", "status", "error")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table of outcomes; the id is a number where the API's is one."""

    id: int | str
    name: str
    action: str
    status: str
    error: str | None = None


def table_of(job: Job, outcomes: Sequence[Outcome], failures: Sequence[PoseidonError]) -> Answer:
    """Give the table; raise when something failed, unless ``--keep-going`` was given.

    Raises
    ------
    PoseidonError
        The only thing failed: its own error.
    BulkFailed
        Some of several failed; the table has been shown, and is the error's ``frame``.
    """
    answer = _answer([asdict(outcome) for outcome in outcomes])
    if not failures or job.command.keep_going:
        return answer
    if len(outcomes) == 1:
        raise failures[0]
    frame = answer.frame()
    job.front.show(frame)
    raise BulkFailed(f"{len(failures)} of {len(outcomes)} failed; the first: {failures[0]}", frame=frame)


def _answer(rows: list[dict[str, Any]]) -> Answer:
    def frame() -> pd.DataFrame:
        from poseidon_nb.frames.tidy import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        # A column in which all is well would otherwise have no type.
        return frame_from_rows("outcomes", rows).astype(dict.fromkeys(_TEXTS, "string"))

    return Answer(lambda: rows, frame)


def delete_each(
    job: Job,
    things: Sequence[tuple[Any, str]],
    delete: Callable[[Any], None],
    *,
    action: str = "delete",
    status: str = "completed",
) -> Answer:
    """Delete things side by side and give the table; one failure does not stop the rest.

    Parameters
    ----------
    job : Job
    things : sequence of tuple
        The id and the name of each.
    delete : callable
        Deletes one, by its id; called from several threads.
    action, status : str
        What the table calls it, and what came of it when all went well.
    """

    def note(going: Sequence[tuple[Any, str]], ended: Sequence[tuple[Any, str]]) -> str:
        begun = [name for _, name in [*ended, *going]]
        return f"the delete may have been sent for {joined(begun) or 'none'}; nothing was sent for the others"

    done = on_each(things, lambda thing: delete(thing[0]), on_idle=job.view.look, interrupted=note)
    outcomes = [
        Outcome(*one.thing, action, status)
        if one.error is None
        else Outcome(*one.thing, action, "failed", str(one.error))
        for one in done
    ]
    return table_of(job, outcomes, [one.error for one in done if one.error is not None])
