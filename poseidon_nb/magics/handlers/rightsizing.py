"""`%do rightsize`: what each droplet used, and the size that would do."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from poseidon_nb.magics.answer import Live, answer_of, answer_of_frame
from poseidon_nb.magics.moments import before

if TYPE_CHECKING:
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job

#: How far back to look when nothing else was said: two weekends. `table.rightsizing` says so in words.
LAST = "14d"


def rightsize(job: Job) -> Answer | Live:
    """Show the size that each droplet should have; six requests for each that is judged, side by side."""
    from poseidon_nb.analysis import metrics, rightsizing  # noqa: PLC0415  # pandas comes at first use

    given = {one.name: job.option(one.name) for one in fields(rightsizing.Rule) if job.option(one.name) is not None}
    rule, last = rightsizing.Rule(**given), job.option("last") or LAST
    # A word that is no length of time is refused before anything is asked for.
    before(last, job.client.now())
    named = job.argument("droplets") or job.option("tag_name")
    droplets = job.droplets() if named else job.client.droplets.list()
    job.kernel.learn_names("droplets", [(one.name, one.id) for one in droplets], whole=not named)
    frame = answer_of("droplets", [one.to_dict() for one in droplets]).frame()
    sizes = job.client.sizes.frame()
    judged = [one for one, wanted in zip(droplets, rightsizing.judged_by_use(frame), strict=True) if wanted]
    end = job.client.now()
    readings = job.client.metrics.read("use", judged, start=before(last, end), end=end)
    use = metrics.use(readings.frame, frame, failed=readings.failed)
    found = rightsizing.advice(frame, sizes, use, rule=rule)
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.savings(found))
    return answer_of_frame(found)


HANDLERS = {("rightsize", "rightsize"): rightsize}
