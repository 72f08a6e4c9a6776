"""The commands `%do actions`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.commands.shared_spec import DROPLETS_OR_ALL, ONLY_BY_TAG, PLOT, get_verb, last
from poseidon_nb.language.spec import LIST_ALIASES, Argument, Group, Option, Verb

#: How far back `timeline` and `durations` look.
LAST = "7d"

_ACTION = Argument(name="action", metavar="ACTION", help="id", type="integer", source="actions")

ACTIONS = Group(
    name="actions",
    help="action history, including actions in progress",
    aliases=("action",),
    prefixes=("actions",),
    verbs=(
        Verb(
            name="list",
            help="list actions, newest first, with the names of droplets",
            run="actions.run:list_actions",
            reads="actions.run:list_reads",
            operations=("actions_list", "droplets_list"),
            alias_of="actions_list",
            options=(
                Option(
                    field="status",
                    help="only actions with this status",
                    metavar="STATUS",
                    suggests=("in-progress", "completed", "errored"),
                    closed=True,
                ),
                Option(
                    field="type", aliases=("action-type",), help="only this type, for example power_off", metavar="TYPE"
                ),
                Option(
                    field="resource_type",
                    help="only actions on this type of resource",
                    metavar="TYPE",
                    suggests=("droplet", "image", "volume", "reserved_ip"),
                ),
                Option(field="resource_id", help="only actions on the resource with this id", type="integer"),
                Option(
                    field="since",
                    aliases=("after",),
                    help="only actions started since this time: 2026-11-23, or 2026-11-23T12:00:00Z",
                    metavar="TIME",
                ),
            ),
            aliases=LIST_ALIASES,
            table="named_actions",
            example="%do actions list",
        ),
        get_verb("actions", "actions_get", _ACTION, "1001"),
        Verb(
            name="wait",
            help="wait until actions finish",
            run="actions.run:wait_actions",
            operations=("actions_get", "actions_list"),
            arguments=(replace(_ACTION, name="actions", help="ids", many=True),),
            aliases=("w",),
            table="actions",
            waits=True,
            example="%do actions wait 1001 --timeout 10m",
        ),
        Verb(
            name="timeline",
            help="show when each action on each droplet ran, newest first",
            run="actions.run:show_timeline",
            reads="dry_run:list_reads",
            operations=("actions_list", "droplets_list"),
            arguments=(replace(DROPLETS_OR_ALL, help="ids or names; default: all droplets, including deleted ones"),),
            options=(last(LAST), ONLY_BY_TAG, PLOT),
            table="spans",
            example="%do actions timeline --last 7d --plot",
        ),
        Verb(
            name="durations",
            help="show how long actions take, by type, and how many fail",
            run="actions.run:show_durations",
            reads="dry_run:list_reads",
            operations=("actions_list",),
            options=(last(LAST), PLOT),
            table="durations",
            example="%do actions durations --last 30d --plot",
        ),
    ),
)
