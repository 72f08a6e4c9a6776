"""`%do snapshots prune`: read the snapshots and what they are of, and delete those that no rule keeps."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.dry_run import EACH_ID
from poseidon_nb.commands.planned import Planned
from poseidon_nb.commands.reading import fetch_available
from poseidon_nb.commands.results import outcomes_table, table_of_rows
from poseidon_nb.commands.snapshots.spec import KEEP
from poseidon_nb.commands.snapshots.summary import summarize_retention
from poseidon_nb.errors import InvalidArgument, NoSuchName
from poseidon_nb.plans.builders import delete_chains

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.analysis.retention import Policy
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.plans.account import AccountReader

    Row = dict[str, Any]

_UNLIMITED = "unlimited"


def _prune_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    policy = _policy(context)
    if account.offline:
        return _delete([{"id": EACH_ID, "name": "each snapshot that no rule keeps"}])
    rows, found = _judge(context, policy)
    context.ui.show(found)
    context.ui.say(summarize_retention(found))
    deleted = {*found.loc[found["verdict"] == "delete", "id"]}
    return _delete([row for row in rows if str(row["id"]) in deleted])


def _delete(rows: Sequence[Row]) -> Sequence[Chain]:
    return delete_chains("snapshots_delete", "snapshot_id", "snapshot", [(row, "id") for row in rows])


def _policy(context: CommandContext) -> Policy:
    """Build the policy; an error names the option."""
    from poseidon_nb.analysis import retention  # noqa: PLC0415  # loads pandas

    given: Row = {one.field: context.option(one.field) for one in KEEP if context.option(one.field) is not None}
    if not given:
        raise InvalidArgument(
            "Which snapshots should stay? Use at least one --keep option, for example %do snapshots prune --keep-last 7 --keep-weekly 4"
        )
    for option in KEEP:
        text = given.get(option.field)
        if text is None or option.field == "within":
            continue
        if text.casefold() != _UNLIMITED and not (text.isascii() and text.isdigit()):
            raise InvalidArgument(f"{option.flag} must be a number of snapshots or {_UNLIMITED}, not {text!r}.")
        given[option.field] = retention.UNLIMITED if text.casefold() == _UNLIMITED else int(text)
    try:
        return retention.Policy(**given)
    except InvalidArgument as error:
        raise InvalidArgument(str(error).replace("within must", "--keep-within must")) from None


def _judge(context: CommandContext, policy: Policy) -> tuple[list[Row], pd.DataFrame]:
    """Return the selected snapshots as rows, and the verdict on each."""
    from poseidon_nb.analysis import retention  # noqa: PLC0415  # loads pandas

    client, includes_sources = context.client, bool(context.option("include_sources"))
    kind = context.option("resource_type")
    read, unread = fetch_available(
        context,
        {
            "snapshots": lambda: client.snapshots.list(**({"resource_type": kind} if kind else {})),
            "droplets": client.droplets.list,
            "volumes": lambda: client.call("volumes_list", frame=True),
        },
        required=("snapshots",),
    )
    rows = _select(context, [one.to_dict() for one in read["snapshots"]])
    if any("tags" not in row for row in rows):
        raise InvalidArgument(
            "Snapshots cannot be pruned without their tags, because frozen ones must stay. The token needs the scope tag:read."
        )
    droplets = [one.to_dict() for one in read.get("droplets", ())]
    why = unread.get("droplets", "it needs the scope image:read" if any("image" not in row for row in droplets) else "")
    if why and not includes_sources:
        raise InvalidArgument(
            f"Could not read what the droplets were made from: {why}. Use --include-sources to prune without this check."
        )
    found = retention.verdicts(
        table_of_rows("snapshots", rows).frame(),
        policy,
        droplets=table_of_rows("droplets", droplets).frame() if droplets else None,
        volumes=read.get("volumes"),
        now=client.now(),
        include_sources=includes_sources,
    )
    return rows, found


def _select(context: CommandContext, rows: list[Row]) -> list[Row]:
    """Return the rows that ``--tag`` and ``--name`` select.

    Raises
    ------
    NoSuchName
        The tag does not exist, or there are snapshots, but the options select none.
    """
    tag, pattern = context.option("tag_name"), context.option("name")

    def is_selected(row: Row) -> bool:
        has_tag = tag is None or tag.casefold() in {str(one).casefold() for one in row.get("tags") or ()}
        return has_tag and (pattern is None or fnmatchcase(str(row.get("name") or ""), pattern))

    selected = [row for row in rows if is_selected(row)]
    if rows and not selected:
        if tag is not None:
            context.account.check_tag(tag)
        tagged = f" with the tag {tag!r}" if tag is not None else ""
        named = f" matches {pattern!r}" if pattern is not None else " was found"
        raise NoSuchName(f"No snapshot{tagged}{named}.", name=str(pattern or tag))
    return selected


PRUNE = Planned(_prune_steps, outcomes_table)
