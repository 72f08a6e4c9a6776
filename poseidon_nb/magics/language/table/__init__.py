"""Our own names: the table of groups and verbs of `%do`, a module for each corner of the API.

A verb that is written out in full is a promise that a handler keeps. A `Named` row gives an operation of the catalogue a
name of our own, and the rest follows from the catalogue; what no row names gets its name by the rule in `naming`.

doctl's words come from its command tree (git 168188d): as aliases of ours where they mean the same thing, as `PHRASES`
where doctl has a group of its own for what is a verb of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.language.table.account import (
    ACCOUNT,
    ACTIONS,
    BALANCE,
    INVOICES,
    KEYS,
    PROJECTS,
    REGIONS,
    SIZES,
    TAGS,
)
from poseidon_nb.magics.language.table.apply import APPLY
from poseidon_nb.magics.language.table.cost import COST, COST_KEYS
from poseidon_nb.magics.language.table.disks import IMAGES, SNAPSHOTS, VOLUMES
from poseidon_nb.magics.language.table.droplets import DROPLETS
from poseidon_nb.magics.language.table.explore import EXPLORE
from poseidon_nb.magics.language.table.kernel import API, CONTEXT, LOG, LOGIN, RATELIMIT, SANDBOX
from poseidon_nb.magics.language.table.metrics import METRICS
from poseidon_nb.magics.language.table.network import DOMAINS, FIREWALLS, LOAD_BALANCERS, RECORDS, RESERVED_IPS, VPCS
from poseidon_nb.magics.language.table.panel import PANEL
from poseidon_nb.magics.language.table.plans import PLANS
from poseidon_nb.magics.language.table.platform import APPS, DATABASES, KUBERNETES, MONITORING
from poseidon_nb.magics.language.table.rightsizing import RIGHTSIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: In the order in which help shows them.
GROUPS = (
    *(DROPLETS, IMAGES, SNAPSHOTS, VOLUMES, KEYS, TAGS, ACTIONS),
    *(DOMAINS, RECORDS, RESERVED_IPS, FIREWALLS, LOAD_BALANCERS, VPCS),
    *(DATABASES, KUBERNETES, APPS, METRICS, MONITORING),
    *(REGIONS, SIZES, PROJECTS, ACCOUNT, COST, BALANCE, INVOICES),
    *(RIGHTSIZE,),
    *(PANEL, EXPLORE, APPLY, PLANS, SANDBOX, LOGIN, CONTEXT, LOG, RATELIMIT, API),
)

#: The groups whose verbs doctl keeps in a group apart, or calls differently: words typed, words meant.
PHRASES: Mapping[tuple[str, str], tuple[str, str]] = {
    **{
        (group, verb.name): ("droplets", verb.name)
        for group in ("droplet-action", "droplet-actions", "da")
        for verb in DROPLETS.verbs
        if verb.waits and verb.name != "create"
    },
    **{(group, "snapshot"): ("droplets", "take_snapshot") for group in ("droplet-action", "droplet-actions", "da")},
    **{
        (group, verb): ("images", verb)
        for group in ("image-action", "image-actions")
        for verb in ("transfer", "convert")
    },
    **{
        (group, verb): ("volumes", verb)
        for group in ("volume-action", "volume-actions")
        for verb in ("attach", "detach", "resize")
    },
    **{
        (group, verb): ("reserved-ips", verb)
        for group in ("reserved-ip-action", "reserved-ips-actions", "floating-ip-action", "fipa")
        for verb in ("assign", "unassign")
    },
    ("auth", "init"): ("login", "login"),
    ("auth", "list"): ("context", "list"),
    ("auth", "ls"): ("context", "list"),
    ("auth", "switch"): ("context", "use"),
}

#: What doctl keeps in a group of ours, and we in another: words typed, words meant.
ELSEWHERE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("firewalls", "list-by-droplet"): ("droplets", "firewalls"),
    ("account", "ratelimit"): ("ratelimit", "ratelimit"),
}

#: doctl's groups within groups, ``domain records list``: a group of ours, a word behind it, the group that both mean.
WITHIN: Mapping[tuple[str, str], str] = {
    ("domains", "records"): "records",
    ("domains", "record"): "records",
    ("droplets", "1-click"): "one-clicks",
    ("monitoring", "alert"): "monitoring",
}

#: doctl's verbs for which we have an option, or another road, and words that are values of one: what to write.
INSTEAD: Mapping[tuple[str, str], str] = {
    ("images", "list-distribution"): "%do images list --type distribution",
    ("images", "list-application"): "%do images list --type application",
    ("images", "list-user"): "%do images list --private",
    ("cost", "by"): "%do cost --by tag",
    **{("cost", key): f"%do cost --by {key}" for key in COST_KEYS},
}

#: Words in front of a group that say nothing: ``doctl compute droplet list``.
PREFIXES = ("doctl", "compute")
