"""The registry of all commands: every group with a spec, doctl's words, and the verbs derived from operations."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.account.spec import ACCOUNT, CONTEXT, LOG, LOGIN, RATELIMIT
from poseidon_nb.commands.actions.spec import ACTIONS
from poseidon_nb.commands.aliases.spec import ALIASES
from poseidon_nb.commands.api.spec import API
from poseidon_nb.commands.apply.spec import APPLY
from poseidon_nb.commands.cost.spec import COST
from poseidon_nb.commands.domains.spec import DOMAINS, RECORDS
from poseidon_nb.commands.droplets.spec import DROPLETS
from poseidon_nb.commands.explore.spec import EXPLORE
from poseidon_nb.commands.generic.derive import OperationVerbs
from poseidon_nb.commands.generic.spec import (
    APPS,
    BALANCE,
    DATABASES,
    FIREWALLS,
    INVOICES,
    KUBERNETES,
    LOAD_BALANCERS,
    MONITORING,
    PROJECTS,
    REGISTRIES,
    RESERVED_IPS,
    TAGS,
    VOLUMES,
    VPCS,
)
from poseidon_nb.commands.idle.spec import IDLE
from poseidon_nb.commands.images.spec import IMAGES
from poseidon_nb.commands.keys.spec import KEYS
from poseidon_nb.commands.leases.spec import LEASES
from poseidon_nb.commands.metrics.spec import METRICS
from poseidon_nb.commands.panel.spec import PANEL
from poseidon_nb.commands.plans.spec import PLANS
from poseidon_nb.commands.reap.spec import REAP
from poseidon_nb.commands.regions.spec import REGIONS
from poseidon_nb.commands.rightsize.spec import RIGHTSIZE
from poseidon_nb.commands.sandbox.spec import SANDBOX
from poseidon_nb.commands.sizes.spec import SIZES
from poseidon_nb.commands.snapshots.spec import SNAPSHOTS
from poseidon_nb.frames.tables.pricing import COST_KEYS
from poseidon_nb.language import grammar
from poseidon_nb.language.registry import DoctlWords, Registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.commands.generic.derive import Name
    from poseidon_nb.language.command import Command
    from poseidon_nb.language.spec import Group, Verb

#: The groups by topic, in the order of the help.
TOPICS: Mapping[str, tuple[Group, ...]] = {
    "droplets": (DROPLETS, IMAGES, SNAPSHOTS, VOLUMES, KEYS, TAGS, ACTIONS),
    "network": (DOMAINS, RECORDS, RESERVED_IPS, FIREWALLS, LOAD_BALANCERS, VPCS),
    "services": (DATABASES, KUBERNETES, APPS, REGISTRIES, MONITORING, PROJECTS),
    "analysis": (COST, BALANCE, INVOICES, RIGHTSIZE, IDLE, METRICS, SIZES, REGIONS),
    "notebook": (PANEL, EXPLORE, APPLY, PLANS, LEASES, REAP, SANDBOX),
    "account": (ACCOUNT, LOGIN, CONTEXT, LOG, RATELIMIT, API, ALIASES),
}
GROUPS = tuple(group for groups in TOPICS.values() for group in groups)

_DROPLET_ACTIONS = ("droplet-action", "droplet-actions", "da")

#: doctl's words (its command tree, git 168188d). What has the same meaning in both is an alias in a spec.
DOCTL = DoctlWords(
    prefixes=("doctl", "compute"),
    phrases={
        **{
            (group, verb.name): ("droplets", verb.name)
            for group in _DROPLET_ACTIONS
            for verb in DROPLETS.verbs
            if verb.waits and verb.name != "create"
        },
        **{(group, "snapshot"): ("droplets", "take_snapshot") for group in _DROPLET_ACTIONS},
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
    },
    elsewhere={
        ("firewalls", "list-by-droplet"): ("droplets", "firewalls"),
        ("account", "ratelimit"): ("ratelimit", "ratelimit"),
    },
    nested={
        ("domains", "records"): "records",
        ("domains", "record"): "records",
        ("droplets", "1-click"): "one-clicks",
        ("monitoring", "alert"): "monitoring",
    },
    replacements={
        ("", "ssh"): "%do droplets ssh-config",
        ("droplets", "ssh"): "%do droplets ssh-config",
        ("droplets", "update"): "%do droplets rename, resize or tag",
        ("images", "list-distribution"): "%do images list --type distribution",
        ("images", "list-application"): "%do images list --type application",
        ("images", "list-user"): "%do images list --private",
        ("databases", "user"): "%do databases users, create-user or delete-user",
        ("databases", "pool"): "%do databases pools, create-connection-pool or delete-connection-pool",
        ("databases", "replica"): "%do databases replicas, create-replica or destroy-replica",
        ("databases", "db"): "%do databases list-dbs, create-db or delete-db",
        ("databases", "backup"): "%do databases backups",
        ("kubernetes", "node-pool"): "%do kubernetes node-pools, add-node-pool or delete-node-pool",
        ("registries", "repository"): "%do registries repositories, tags or manifests",
        ("registries", "login"): "%do registries docker-credentials",
        ("registry", "list"): "%do registries list",
        ("registry", "login"): "%do registries docker-credentials",
        ("registry", "docker-config"): "%do registries docker-credentials",
        ("registry", "repository"): "%do registries repositories, tags or manifests",
        ("kubernetes", "cluster"): "%do kubernetes list, get, create or delete",
        ("cost", "by"): "%do cost --by tag",
        **{("cost", key): f"%do cost --by {key}" for key in COST_KEYS},
    },
)


def verb_columns(verb: Verb) -> Sequence[str]:
    """Return the column names of a verb's DataFrame, as far as they are known in advance."""
    if not verb.table:
        return verb.columns
    from poseidon_nb.frames.schemas import get_table  # noqa: PLC0415  # few lines need it

    return [column.name for column in get_table(verb.table).columns]


@cache
def _operation_verbs() -> OperationVerbs:
    return OperationVerbs(GROUPS)


@cache
def registry() -> Registry:
    """Return the registry of all commands."""
    return Registry(GROUPS, _operation_verbs(), DOCTL, verb_columns)


def operation_names() -> Mapping[str, Name]:
    """Return the group and verb of each operation of the account's API, by operationId."""
    return _operation_verbs().names


def parse(line: str, variables: Mapping[str, object] = MappingProxyType({}), *, body: str | None = None) -> Command:
    """Parse a line of ``%do``; see `language.grammar.parse`."""
    return grammar.parse(line, registry(), variables, body=body)


def load(reference: str) -> Any:
    """Import what a spec refers to: ``"cost.run:show_sums"``."""
    module, _, name = reference.partition(":")
    return getattr(import_module(f"poseidon_nb.commands.{module}"), name)
