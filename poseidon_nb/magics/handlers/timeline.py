"""`%do actions timeline` and `durations`: what happened, from the account's actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import NotFound
from poseidon_nb.magics.answer import Live, answer_of_frame
from poseidon_nb.magics.in_words import actions_in_words, spans_in_words
from poseidon_nb.magics.language.moments import before
from poseidon_nb.magics.reading import side_by_side
from poseidon_nb.text import truncated_list

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job

#: How far back to look when nothing else was said; `table.timeline` says so in words.
LAST = "7d"


def show_timeline(job: Job) -> Answer | Live:
    """Show when each droplet was acted upon; reading stops at the first page that is older than asked for."""
    since = _since(job)
    chosen, gone = None, dict[int, NotFound]()
    if job.argument("droplets") or job.option("tag_name"):
        # A droplet that is deleted is known by its actions alone.
        names = {int(one.id): one.name for one in job.droplets(gone=gone)}
        chosen = {*names, *gone}
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
    _check_gone(job, gone, {*found["droplet_id"].dropna()})
    whose = "any droplet" if chosen is None else truncated_list([*names.values(), *map(str, gone)])
    job.front.say(spans_in_words(found, whose, _last(job)))
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.timeline(found))
    return answer_of_frame(found)


def show_durations(job: Job) -> Answer | Live:
    """Show how long actions take, by type."""
    since = _since(job)
    from poseidon_nb.analysis import timeline  # noqa: PLC0415  # pandas comes at first use

    actions = job.client.actions.frame(since=since)
    found = timeline.durations(actions)
    job.front.say(actions_in_words(actions, found, _last(job)))
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.durations(found))
    return answer_of_frame(found)


def _check_gone(job: Job, gone: Mapping[int, NotFound], seen: Collection[int]) -> None:
    """Refuse an id that neither a droplet nor an action has."""
    for key, error in gone.items():
        if key not in seen:
            more = f"; nor was anything done to it in the last {_last(job)}: --last looks further back"
            error.args = (f"{error}{more}", *error.args[1:])
            raise error


def _last(job: Job) -> str:
    return job.option("last") or LAST


def _since(job: Job) -> datetime:
    return before(_last(job), job.client.now())


HANDLERS = {("actions", "timeline"): show_timeline, ("actions", "durations"): show_durations}
