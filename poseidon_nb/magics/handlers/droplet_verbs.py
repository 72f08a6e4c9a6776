"""`%do droplets power_off` and the other verbs that start actions, on one droplet or on many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.droplets.bulk import BulkOutcome, act_on_each, run_on_each
from poseidon_nb.errors import Unprocessable
from poseidon_nb.magics.handlers.outcomes import Outcome, table_of
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.requests.fields import steps_of
from poseidon_nb.magics.requests.questions import disk_question, many_question, replace_question

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.client.droplets.steps import Step
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job


#: What DigitalOcean says of a droplet that is as it shall be, and what the table says then.
_ALREADY = {"power_on": ("already powered on", "already on"), "power_off": ("already powered off", "already off")}


def act(job: Job) -> Answer:
    """Start a verb's action on each droplet that is named, and wait for all of them."""
    droplets = job.droplets()
    asks = entry(job.command.group, job.command.verb).asks
    names = [droplet.name for droplet in droplets]
    if "replace" in asks:
        job.confirm(replace_question(job.client.label(), job.command.verb, names, str(job.option("image"))))
    elif len(droplets) > 1 and "many" in asks:
        job.confirm(many_question(job.client.label(), job.command.verb, names))
    return _act_on(job, droplets, steps_of(job.command)[0])


def rename(job: Job) -> Answer:
    """Give a droplet another name."""
    droplet = job.client.droplets.find(job.argument("droplet"))
    return _act_on(job, [droplet], steps_of(job.command)[0])


def resize(job: Job) -> Answer:
    """Give droplets another size; with a restart each goes through its three actions at its own pace."""
    droplets = job.droplets()
    size, disk = job.option("size"), bool(job.option("disk"))
    names = [droplet.name for droplet in droplets]
    if disk:
        job.confirm(disk_question(job.client.label(), names, size, job.price_usd_month(size)))
    elif len(droplets) > 1:
        job.confirm(many_question(job.client.label(), f"resize to {size}", names))
    if not job.option("restart"):
        return _act_on(job, droplets, steps_of(job.command)[0])

    def run(droplet: Droplet, **waiting: Any) -> Action:
        return droplet.resize(size, disk=disk, restart=True, **waiting)

    return _restarted(job, droplets, run)


def take_snapshot(job: Job) -> Answer:
    """Save the disks of droplets; with a restart each is shut down first, and started again afterwards."""
    droplets = job.droplets()
    if not job.option("restart"):
        return _act_on(job, droplets, steps_of(job.command)[0])
    if len(droplets) > 1:
        names = [droplet.name for droplet in droplets]
        job.confirm(many_question(job.client.label(), "take_snapshot with a restart of", names))

    def run(droplet: Droplet, **waiting: Any) -> Action:
        return droplet.take_snapshot(job.option("name"), restart=True, **waiting)

    return _restarted(job, droplets, run)


def _restarted(job: Job, droplets: list[Droplet], run: Callable[..., Action]) -> Answer:
    """Run a sequence on each droplet, side by side."""
    waiting = {**job.waiting}
    on_progress = waiting.pop("on_progress")

    def run_one(droplet: Droplet, tell: OnProgress) -> Action:
        return run(droplet, on_progress=tell, **waiting)

    outcomes = run_on_each(droplets, run_one, on_progress=on_progress, on_idle=job.view.look)
    return _table(job, job.command.verb, outcomes)


def _act_on(job: Job, droplets: list[Droplet], step: Step) -> Answer:
    def start(droplet: Droplet) -> Action:
        return job.client.droplets.acting.act(droplet, step, wait=False, timeout_s=None, on_progress=None)

    outcomes = act_on_each(job.client.actions, droplets, start, on_idle=job.view.look, **job.waiting)
    if job.command.no_wait:
        job.view.follow(job.client, [one.action for one in outcomes if one.action is not None and one.error is None])
    return _table(job, job.command.verb, outcomes)


def _table(job: Job, verb: str, outcomes: list[BulkOutcome]) -> Answer:
    refusal, already = _ALREADY.get(verb, ("", ""))
    if refusal and job.option("tag_name") is not None:
        # Who names a droplet says how it is now; who gives a tag says how all of them shall be.
        there = {
            one.droplet.id for one in outcomes if isinstance(one.error, Unprocessable) and refusal in str(one.error)
        }
        outcomes = [replace(one, error=None) if one.droplet.id in there else one for one in outcomes]
    else:
        there = set()
    rows = [
        Outcome(
            id=outcome.droplet.id,
            name=outcome.droplet.name,
            action=verb,
            status=already if outcome.droplet.id in there else outcome.action.status if outcome.action else "failed",
            error=None if outcome.error is None else str(outcome.error),
        )
        for outcome in outcomes
    ]
    return table_of(job, rows, [outcome.error for outcome in outcomes if outcome.error is not None])


_ONE_ACTION = (
    *("power_on", "power_off", "shutdown", "reboot", "power_cycle", "rebuild", "restore"),
    *("enable_backups", "change_backup_policy", "disable_backups", "password_reset", "enable_ipv6"),
    *("enable_private_networking", "change_kernel"),
)

HANDLERS = {
    **{("droplets", verb): act for verb in _ONE_ACTION},
    ("droplets", "take_snapshot"): take_snapshot,
    ("droplets", "rename"): rename,
    ("droplets", "resize"): resize,
}
