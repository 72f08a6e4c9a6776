"""`%do rightsize`: what each droplet used, and the size that would do."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.metrics import KINDS
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.answer import Live, answer_of, answer_of_frame
from poseidon_nb.magics.in_words import advice_in_words, reach_in_words
from poseidon_nb.magics.language.moments import before
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.reading import check_read, side_by_side, tell_long_read

if TYPE_CHECKING:
    from poseidon_nb.analysis.rightsizing import Rule
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job

#: How far back to look when nothing else was said: two weekends. `table.rightsizing` says so in words.
LAST = "14d"


def rightsize(job: Job) -> Answer | Live:
    """Show the size that each droplet should have; six requests at most for each that is judged, side by side."""
    from poseidon_nb.analysis import metrics, rightsizing  # noqa: PLC0415  # pandas comes at first use

    given = {one.name: job.option(one.name) for one in fields(rightsizing.Rule) if job.option(one.name) is not None}
    rule, last = _rule(given), job.option("last") or LAST
    # A word that is no length of time is refused before anything is asked for.
    before(last, job.client.now())
    named = job.argument("droplets") or job.option("tag_name")
    read = side_by_side(job, droplets=job.droplets if named else job.client.droplets.list, sizes=job.client.sizes.frame)
    droplets = read["droplets"]
    job.kernel.learn_names("droplets", [(one.name, one.id) for one in droplets], whole=not named)
    frame = answer_of("droplets", [one.to_dict() for one in droplets]).frame()
    judged = [one for one, wanted in zip(droplets, rightsizing.judged_by_use(frame), strict=True) if wanted]
    tell_long_read(job, len(judged) * len(KINDS["use"]))
    end = job.client.now()
    start = before(last, end)
    readings = job.client.metrics.read("use", judged, start=start, end=end)
    use = metrics.use(readings.frame, frame, failed=readings.failed)
    found = rightsizing.advice(frame, read["sizes"], use, rule=rule)
    job.front.say(" ".join(filter(None, (advice_in_words(found), reach_in_words(readings.frame, start, end)))))
    check_read(job, readings, found)
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.savings(found))
    return answer_of_frame(found)


def _rule(given: dict[str, Any]) -> Rule:
    """Give the rule, or say which option is out of its bounds."""
    from poseidon_nb.analysis import rightsizing  # noqa: PLC0415  # pandas comes at first use

    try:
        return rightsizing.Rule(**given)
    except InvalidArgument as error:
        # The rule speaks of its fields, of which the options are named a little otherwise.
        name, _, rest = str(error).partition(" ")
        option = next((one for one in entry("rightsize", "rightsize").options if one.field == name), None)
        raise InvalidArgument(f"{option.typed} {rest}" if option is not None else str(error)) from None


HANDLERS = {("rightsize", "rightsize"): rightsize}
