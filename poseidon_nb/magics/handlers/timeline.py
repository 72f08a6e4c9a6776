"""`%do actions timeline` and `durations`: what happened, from the account's actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.answer import Live, answer_of_frame
from poseidon_nb.magics.language.moments import before
from poseidon_nb.magics.reading import side_by_side

if TYPE_CHECKING:
    from datetime import datetime

    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job

#: How far back to look when nothing else was said; `table.timeline` says so in words.
LAST = "7d"


def show_timeline(job: Job) -> Answer | Live:
    """Show when each droplet was acted upon; reading stops at the first page that is older than asked for."""
    since = _since(job)
    chosen = None
    if job.argument("droplets") or job.option("tag_name"):
        droplets = job.droplets()
        chosen = {int(one.id) for one in droplets}
        names = {int(one.id): one.name for one in droplets}
    from poseidon_nb.analysis import timeline  # noqa: PLC0415  # pandas comes at first use

    if chosen is None:
        read = side_by_side(
            job, actions=lambda: job.client.actions.frame(since=since), droplets=job.client.droplets.frame
        )
        actions, listed = read["actions"], read["droplets"]
        names = dict(zip(listed["id"].tolist(), listed["name"].tolist(), strict=True))
        job.kernel.learn_names("droplets", [(name, key) for key, name in names.items()])
    else:
        actions = job.client.actions.frame(since=since)
        actions = actions[actions["resource_id"].isin(chosen)]
    found = timeline.spans(actions, names, now=job.client.now())
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.timeline(found))
    return answer_of_frame(found)


def show_durations(job: Job) -> Answer:
    """Show how long actions take, by type."""
    since = _since(job)
    from poseidon_nb.analysis import timeline  # noqa: PLC0415  # pandas comes at first use

    return answer_of_frame(timeline.durations(job.client.actions.frame(since=since)))


def _since(job: Job) -> datetime:
    return before(job.option("last") or LAST, job.client.now())


HANDLERS = {("actions", "timeline"): show_timeline, ("actions", "durations"): show_durations}
