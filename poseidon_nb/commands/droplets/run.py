"""What the verbs of `%do droplets` do. Those that change droplets, one or many, make a plan."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.project_members import droplet_projects
from poseidon_nb.commands.bodies import read_text
from poseidon_nb.commands.droplets.lifetime import lease_ends_at
from poseidon_nb.commands.dry_run import droplet_lists
from poseidon_nb.commands.planned import Planned
from poseidon_nb.commands.results import TableResult, follow, outcomes_table, table_of_rows
from poseidon_nb.commands.selection import get_table
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.builders import (
    action_chains,
    create_droplet_chains,
    delete_droplet_chains,
    tag_chains,
    untag_chains,
)
from poseidon_nb.plans.leases import format_lease, with_lease_tags
from poseidon_nb.plans.outcomes import failures
from poseidon_nb.text import expected_one_of, is_integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request

    Row = dict[str, Any]

#: The status of a droplet (``droplets_list``).
STATUSES = ("new", "active", "off", "archive")
#: The fields of a backup policy.
_POLICY = ("plan", "weekday", "hour")


def list_droplets(context: CommandContext) -> TableResult:
    """List the droplets. The API cannot filter by region, status or part of a name, so that is done here."""
    glob, region, status = context.argument("glob"), context.option("region"), context.option("status")
    tag, filters = context.option("tag_name"), _filters(context.command)
    with_project = context.option("with_column") == "project"

    def matches(name: Any, its_region: Any, its_status: Any, tags: Any) -> bool:
        # Any of these may be missing.
        return (
            (glob is None or (isinstance(name, str) and fnmatchcase(name, glob)))
            and region in {None, str(its_region)}
            and status in {None, str(its_status)}
            and (tag is None or (isinstance(tags, list) and tag.casefold() in {str(one).casefold() for one in tags}))
        )

    def rows() -> list[Row]:
        listed = [droplet.to_dict() for droplet in context.client.droplets.list(**filters)]
        found = [
            row
            for row in listed
            if matches(row.get("name"), (row.get("region") or {}).get("slug"), row.get("status"), row.get("tags"))
        ]
        if not found:
            _check_filters(context)
        if with_project:
            projects = droplet_projects(context.client)
            found = [{**row, "project": projects.get(row["id"])} for row in found]
        return found

    def frame() -> pd.DataFrame:
        listed = context.client.droplets.frame(**filters)
        names = zip(listed["name"], listed["id"].astype(object), strict=True)
        context.session.remember_names("droplets", names, complete=not filters)
        found = listed
        if any([glob, region, status, tag]):
            columns = (listed["name"], listed["region"], listed["status"], listed["tags"])
            found = listed.loc[[matches(*row) for row in zip(*columns, strict=True)]].reset_index(drop=True)
        if found.empty:
            _check_filters(context)
        return _with_projects(context, found) if with_project else found

    return TableResult(rows, frame)


def _with_projects(context: CommandContext, frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  # slow to import

    projects = droplet_projects(context.client)
    names = [projects.get(id_) for id_ in frame["id"].astype(object)]
    return frame.assign(project=pd.array(names, dtype="string"))


def list_reads(command: Command, client: Client, _: DoSession) -> list[Request]:
    """Return the requests of `list_droplets`, for ``--dry-run``, without those for the members of each project."""
    projects = [client.request("projects_list")] if "with_column" in command.options else []
    return [*droplet_lists(client, _filters(command)), *projects]


def _filters(command: Command) -> Row:
    """Return the filters of the API, which cannot combine a tag with a type or a name."""
    options = command.options
    filters = {"type": "gpus" if options.get("gpus") else options.get("type"), "name": options.get("name")}
    filters = filters if any(filters.values()) else {"tag_name": options.get("tag_name")}
    return {name: value for name, value in filters.items() if value}


def _check_filters(context: CommandContext) -> None:
    """Raise if a filter can never match; a filter that matches nothing now is fine."""
    tag, region, status = context.option("tag_name"), context.option("region"), context.option("status")
    if tag is not None:
        context.account.check_tag(tag)
    if region is not None:
        _check_known("region", region, [one.slug for one in context.client.regions.list()])
    if status is not None:
        _check_known("status", status, STATUSES)


def _check_known(noun: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise InvalidArgument(f"Unknown {noun} {word!r}{expected_one_of(word, known)}")


def get_droplet(context: CommandContext) -> TableResult:
    """Get droplets by id, name or pattern."""
    return get_table(context, "droplets", "droplets", lambda word: context.client.droplets.find(word).to_dict())


def list_actions(context: CommandContext) -> TableResult:
    """List the actions of a droplet."""
    actions = context.client.droplets.actions(context.argument("droplet"))
    return table_of_rows("actions", [action.to_dict() for action in actions])


def list_snapshots(context: CommandContext) -> TableResult:
    """List the snapshots of a droplet."""
    snapshots = context.client.droplets.snapshots(context.argument("droplet"))
    return table_of_rows("backups", [snapshot.to_dict() for snapshot in snapshots])


def _rows(context: CommandContext, account: AccountReader) -> Sequence[Mapping[str, Any]]:
    one = context.argument("droplet")
    words = context.argument("droplets") or ((one,) if one else ())
    return account.droplet_rows(words, context.option("tag_name"))


def _action_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    rows, verb, restart = _rows(context, account), context.verb.name, bool(context.option("restart"))
    if verb == "resize" and not restart and any(row.get("status") == "active" for row in rows):
        account.notes.append("A droplet cannot be resized while it is active. Use --restart to shut it down first.")
    sizes = account.sizes if verb == "resize" else {}
    return action_chains(rows, verb, _parameters(context.command), restart=restart, sizes=sizes)


def _parameters(command: Command) -> Row:
    """Return the fields of the action beside its type."""
    fields = {name: value for name, value in command.options.items() if name not in {"tag_name", "restart"}}
    if command.verb.name == "resize":
        return {"size": fields["size"], "disk": fields.get("disk", False)}
    policy = {name: fields.pop(name) for name in _POLICY if name in fields}
    if "name" in command.arguments:
        fields["name"] = command.arguments["name"]
    return {**fields, **({"backup_policy": policy} if policy else {})}


def _create_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    fields = _create_fields(context.command)
    ends_at = lease_ends_at(account, fields.pop("ttl", None))
    if ends_at is not None:
        fields["tags"] = [*fields.get("tags", ()), format_lease(ends_at)]
    # The API only takes ids, and its error does not name the wrong one.
    for field, source in (("ssh_keys", "keys"), ("volumes", "volumes")):
        if fields.get(field):
            fields[field] = [account.id_of(source, word) for word in fields[field]]
    return create_droplet_chains(context.argument("names"), fields, sizes=account.sizes)


def _create_fields(command: Command) -> Row:
    """Return the body of a create without its names."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in command.options.items()}
    fields.pop("wait_for", None)
    file = fields.pop("user_data_file", None)
    if command.body is not None:
        fields["user_data"] = command.body
    elif file is not None:
        fields["user_data"] = read_text(str(file))
    image = fields.get("image")
    if isinstance(image, str) and is_integer(image):
        fields["image"] = int(image)
    if "ssh_keys" in fields:
        fields["ssh_keys"] = [int(key) if is_integer(key) else key for key in fields["ssh_keys"]]
    return fields


def _created(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    rows = [one.answer for one in outcomes if one.error is None and one.answer]
    context.session.remember_names("droplets", [(row["name"], row["id"]) for row in rows], complete=False)
    if failures(plan, outcomes):
        return outcomes_table(context, plan, outcomes)
    if context.option("wait_for") is not None:
        found = context.client.droplets.wait_for_ssh(
            [row["id"] for row in rows], timeout_s=context.time_left_s(), on_progress=context.progress.tell
        )
        rows = [one.to_dict() for one in found]
    follow(context, outcomes)
    table = table_of_rows("droplets", rows, single=len(rows) == 1)
    if not context.command.no_wait:
        return table
    # The actions that were not waited for.
    ids = [None if one.action is None else one.action.id for one in outcomes if one.error is None and one.answer]
    return replace(table, frame=lambda: _with_actions(table.frame(), ids))


def _with_actions(frame: pd.DataFrame, ids: Sequence[int | None]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  # slow to import

    return frame.assign(action_id=pd.array(ids, dtype="Int64"))


def _delete_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    rows = _rows(context, account)
    return with_lease_tags(delete_droplet_chains(rows), rows)


def _tag_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    tag = context.option("name")
    return tag_chains(_rows(context, account), tag, exists=account.has_tag(tag))


def _untag_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    return untag_chains(_rows(context, account), context.option("name"))


def _droplet_outcomes(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    return outcomes_table(context, plan, outcomes, kind="droplet")


ACTION = Planned(_action_steps, _droplet_outcomes)
CREATE = Planned(_create_steps, _created)
DELETE = Planned(_delete_steps, _droplet_outcomes)
TAG = Planned(_tag_steps, _droplet_outcomes)
UNTAG = Planned(_untag_steps, _droplet_outcomes)
