"""`%do droplets power_off`, `create`, `delete`, `tag` and the other verbs that change droplets, one or many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.acting import Act
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.handlers.outcomes import follow, table_of
from poseidon_nb.magics.requests.fields import action_parameters, create_fields
from poseidon_nb.plans.droplets import create_chains, delete_chains, verb_chains
from poseidon_nb.plans.outcomes import failures
from poseidon_nb.plans.tagging import tag_chains, untag_chains

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.magics.job import Job
    from poseidon_nb.plans.account import Account
    from poseidon_nb.plans.plan import Plan

#: What costs by the size of the droplet.
_BY_SIZE = frozenset({"resize"})


def _rows(job: Job, account: Account) -> Sequence[Mapping[str, Any]]:
    one = job.argument("droplet")
    return account.droplet_rows(job.argument("droplets") or ((one,) if one else ()), job.option("tag_name"))


def _acting(job: Job, account: Account) -> Sequence[Chain]:
    rows, verb, parameters = _rows(job, account), job.command.verb, action_parameters(job.command)
    restart = bool(job.option("restart"))
    if verb == "resize" and not restart and any(row.get("status") == "active" for row in rows):
        account.notes.append(
            "DigitalOcean refuses to resize a droplet that is on; --restart shuts it down and starts it again"
        )
    return verb_chains(rows, verb, parameters, restart=restart, sizes=account.sizes if verb in _BY_SIZE else {})


def _creating(job: Job, account: Account) -> Sequence[Chain]:
    fields = create_fields(job.command)
    # The API takes ids only, and says of a wrong one only that it is.
    for field, kind in (("ssh_keys", "keys"), ("volumes", "volumes")):
        if fields.get(field):
            fields[field] = [account.id_of(kind, word) for word in fields[field]]
    return create_chains(job.argument("names"), fields, sizes=account.sizes)


def _created(job: Job, plan: Plan, outcomes: list[Outcome]) -> Answer:
    rows = [one.answer for one in outcomes if one.error is None and one.answer]
    job.kernel.learn_names("droplets", [(row["name"], row["id"]) for row in rows], whole=False)
    if failures(plan, outcomes):
        return table_of(job, plan, outcomes)
    if job.option("wait_for") is not None:
        ids = [row["id"] for row in rows]
        found = job.client.droplets.wait_for_ssh(ids, timeout_s=job.time_left_s(), on_progress=job.view.tell)
        rows = [one.to_dict() for one in found]
    follow(job, outcomes)
    return answer_of("droplets", rows, single=len(rows) == 1)


def _deleting(job: Job, account: Account) -> Sequence[Chain]:
    return delete_chains(_rows(job, account))


def _tagging(job: Job, account: Account) -> Sequence[Chain]:
    tag = job.option("name")
    return tag_chains(_rows(job, account), tag, exists=account.has_tag(tag))


def _untagging(job: Job, account: Account) -> Sequence[Chain]:
    return untag_chains(_rows(job, account), job.option("name"))


def _table(job: Job, plan: Plan, outcomes: list[Outcome]) -> Answer:
    return table_of(job, plan, outcomes, kind="droplet")


_ACTIONS = (
    *("power_on", "power_off", "shutdown", "reboot", "power_cycle", "rename", "take_snapshot", "resize", "rebuild"),
    *("restore", "enable_backups", "change_backup_policy", "disable_backups", "password_reset", "enable_ipv6"),
    *("enable_private_networking", "change_kernel"),
)

ACTS = {
    **{("droplets", verb): Act(_acting, _table) for verb in _ACTIONS},
    ("droplets", "create"): Act(_creating, _created),
    ("droplets", "delete"): Act(_deleting, _table),
    ("droplets", "tag"): Act(_tagging, _table),
    ("droplets", "untag"): Act(_untagging, _table),
}
