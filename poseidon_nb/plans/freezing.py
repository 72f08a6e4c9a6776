"""Freezing droplets: shut down, snapshot, keep the settings in the snapshot's tags, and destroy. Sends nothing.

The engine reads the snapshot again right before the droplet is destroyed (`Step.snapshot`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation, prices
from poseidon_nb.client.engine import droplet_steps
from poseidon_nb.client.engine.droplet_steps import action_step, address_of, delete_step, snapshot_step
from poseidon_nb.client.engine.own_tags import FROZEN, lease_tags
from poseidon_nb.client.engine.steps import FieldChange, Step, When, snapshot_placeholder
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.builders import create_tag_step
from poseidon_nb.plans.costs import action_usd_month
from poseidon_nb.plans.droplet_links import DropletLinks
from poseidon_nb.plans.frozen import FrozenDroplet, format_tags, own_tags, parse_tags, snapshot_name, without_times
from poseidon_nb.plans.frozen_files import RestFile
from poseidon_nb.plans.frozen_rules import format_rules
from poseidon_nb.plans.leases import guarded, with_lease_tags
from poseidon_nb.plans.thaw_steps import address6_of, leftover_note, untag_step
from poseidon_nb.text import escape_unprintable, format_usd, join_words, pluralize
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.plan import Plan

    Row = Mapping[str, Any]

#: The tags of a node of a Kubernetes cluster begin like this (digitalocean-cloud-controller-manager).
_KUBERNETES = ("k8s", "k8s:")


def freeze(
    account: AccountReader,
    rows: Sequence[Row],
    *,
    keep_going: bool = False,
    created_with: Mapping[int, Row] | None = None,
    only_with_lease: bool = False,
    skip: bool = False,
) -> tuple[Chain, ...]:
    """Build a chain for each droplet to freeze.

    Parameters
    ----------
    account : AccountReader
        Read for everything that refers to the droplets; gets notes, and files with what does not fit into tags.
    rows : sequence of mapping
        Droplets as the API's JSON.
    keep_going : bool
        Leave out what the token may not read.
    created_with : mapping, optional
        By droplet id, the body of the request that created it, if this machine knows it.
    only_with_lease : bool
        Each step is sent only while the droplet's lease is unchanged.
    skip : bool
        Leave out droplets that cannot be frozen, each with a note; otherwise the first of them is an error.

    Raises
    ------
    InvalidArgument
        A droplet cannot be frozen, or a list that would be lost cannot be read.
    """
    links = DropletLinks(account, keep_going=keep_going)
    now = account.client.now()
    chains, frozen = [], []
    exists = account.has_tag(FROZEN) if rows else True
    for row in rows:
        try:
            _check(account, row)
        except InvalidArgument as error:
            if not skip:
                raise
            account.notes.append(f"Not frozen: {error}")
            continue
        frozen.append(row)
        body = (created_with or {}).get(row["id"], {}) if isinstance(row["id"], int) else {}
        settings = _settings(account, row, links, body)
        begun = parse_tags(tag for tag in account.tag_names if tag.casefold().startswith(f"{FROZEN}:{settings.id}:"))
        if settings.off and begun is not None and not begun.off:
            # An earlier freeze has shut it down, and did not end.
            settings = replace(settings, off=False)
        snapshot = snapshot_name(str(row.get("name") or row["id"]), now)
        tags, missing = format_tags(settings)
        rest = None
        if missing:
            rest = RestFile(snapshot, settings, tuple(missing))
            account.files.append(rest)
        chain = freeze_chain(row, snapshot, tags, exists=exists, backups_plan=settings.backups)
        earlier = _earlier_snapshots(account, settings.id)
        # Otherwise two snapshots would hold the same frozen droplet.
        chain = (*(untag_step(image, tag) for image in earlier for tag in own_tags(image.get("tags"))[::-1]), *chain)
        account.notes.extend(leftover_note(settings.name, image) for image in earlier)
        chains.append(guarded(chain, row) if only_with_lease else chain)
        account.notes.extend(_notes(row, settings, links, rest))
    return with_lease_tags(chains, frozen)


def is_same_freeze(plan: Plan, other: Plan) -> bool:
    """Check whether two plans that freeze do, keep and say the same: they do unless the account has changed."""
    return _content(plan) == _content(other)


def _content(plan: Plan) -> str:
    steps = [(step.verb, step.request.method, step.request.path, step.request.body) for step in plan.steps]
    # The names of the snapshots contain the time.
    return without_times(repr((steps, plan.notes, [file.droplet for file in plan.files])))


def _earlier_snapshots(account: AccountReader, droplet_id: int) -> list[Row]:
    """Return the snapshots with tags of an earlier freeze of a droplet that did not end."""
    names = [tag for tag in account.tag_names if droplet_id and tag.casefold().startswith(f"{FROZEN}:{droplet_id}:")]
    images: dict[int, Row] = {}
    for name in names:
        images |= {image["id"]: image for image in account.client.call("images_list", tag_name=name)}
    return [*images.values()]


def freeze_chain(
    row: Row, snapshot: str, tags: Sequence[str], *, exists: bool = False, backups_plan: str = ""
) -> Chain:
    """Build the chain that freezes one droplet.

    Parameters
    ----------
    row : mapping
        The droplet as the API's JSON.
    snapshot : str
        The name of its snapshot, which no other snapshot of the droplet has.
    tags : sequence of str
        Those that the snapshot gets, the common one last.
    exists : bool
        Whether the common tag exists.
    backups_plan : str
        The plan of its backups, whose price is saved too.
    """
    running = row.get("status", "active") != "off"
    on, off = {**row, "status": "active"}, {**row, "status": "off"}
    # Tags come first: a token that may not create them leaves the droplet running.
    steps = [create_tag_step(tag) for tag in (tags[:-1] if exists else tags)]
    if running:
        shutdown = action_step(on, "shutdown")
        limit_s = droplet_steps.SHUTDOWN_TIMEOUT_S
        steps.append(replace(shutdown, status="active", best_effort=True, limit_s=limit_s, interrupts=True))
        steps.append(replace(action_step(on, "power_off"), status="active", when=When.IF_NEEDED))
    usd = action_usd_month(row, "snapshot", {}, {}) if row.get("disk") is not None else None
    steps.append(replace(snapshot_step(off, snapshot), usd_month=usd))
    steps += [_tag_step(row, snapshot, tag) for tag in tags]
    price = (row.get("size") or {}).get("price_monthly")
    saved = (
        None
        if price is None
        else float(price) + (prices.backups_usd(float(price), backups_plan) if backups_plan else 0)
    )
    delete = replace(
        delete_step(off),
        snapshot=snapshot,
        snapshot_tags=",".join(tags),
        usd_month=None if saved is None else -saved,
        interrupts=running,
    )
    steps.append(delete)
    if running:
        steps.append(replace(action_step(off, "power_on"), when=When.ON_FAILURE))
    return tuple(steps)


def _tag_step(row: Row, snapshot: str, tag: str) -> Step:
    resources = [{"resource_id": snapshot_placeholder(snapshot), "resource_type": "image"}]
    return Step(
        verb="tag_snapshot",
        targets=(droplet_steps.droplet_target(row),),
        request=build_request(operation("tags_assign_resources"), path={"tag_id": tag}, body={"resources": resources}),
        change=FieldChange("snapshot_tags", None, tag),
        snapshot=snapshot,
    )


def _check(account: AccountReader, row: Row) -> None:
    """Raise `InvalidArgument` if a droplet cannot be frozen, or could not be thawed as it is."""
    name = escape_unprintable(str(row.get("name") or row["id"]))
    if account.offline:
        return
    tags = row.get("tags")
    if tags is None or row.get("size_slug") is None or (row.get("region") or {}).get("slug") is None:
        raise InvalidArgument(
            f"The size, region or tags of {name} could not be read, so thaw could not restore them. "
            "Use a token with the scopes droplet:read and tag:read."
        )
    if any(str(tag).casefold().startswith(_KUBERNETES[1]) or str(tag).casefold() == _KUBERNETES[0] for tag in tags):
        raise InvalidArgument(
            f"{name} is a node of a Kubernetes cluster, which would replace it. Resize the node pool."
        )
    size_disk, disk = (row.get("size") or {}).get("disk"), row.get("disk")
    if size_disk is not None and disk is not None and disk > size_disk:
        raise InvalidArgument(
            f"The disk of {name} has {disk} GB and a new droplet of its size {size_disk} GB, so it could not be thawed. "
            "Resize it to a size with a larger disk first."
        )


def _settings(account: AccountReader, row: Row, links: DropletLinks, body: Row) -> FrozenDroplet:
    """Return what makes a droplet, from its row and everything that refers to it."""
    features = row.get("features") or ()
    droplet_id = row["id"]
    if account.offline or not isinstance(droplet_id, int):
        return FrozenDroplet(id=0, name=str(row.get("name") or ""))
    policy: Row = account.client.droplets.backup_policy(droplet_id) if "backups" in features else {}
    reserved = {ip: ":" in ip for ip, holder in links.reserved_ips.items() if holder == droplet_id}
    six = address6_of(row)
    public = address_of(row, "public")
    return FrozenDroplet(
        id=droplet_id,
        name=str(row.get("name") or ""),
        size=str(row.get("size_slug") or ""),
        region=str((row.get("region") or {}).get("slug") or ""),
        disk=row.get("disk"),
        vpc=str(row.get("vpc_uuid") or ""),
        project=links.project_of(droplet_id),
        off=row.get("status") == "off",
        ipv6="ipv6" in features,
        monitoring="monitoring" in features,
        no_agent="droplet_agent" not in features,
        no_public=public is None,
        backups=str(policy.get("plan") or "daily") if "backups" in features else "",
        weekday=str(policy.get("weekday") or ""),
        hour=policy.get("hour"),
        address=public or "",
        address6=str(six or ""),
        reserved_ip=next((ip for ip, is_six in reserved.items() if not is_six), ""),
        reserved_ip6=next((ip for ip, is_six in reserved.items() if is_six), ""),
        firewalls=tuple(str(one["id"]) for one in links.firewalls if droplet_id in (one.get("droplet_ids") or ())),
        # One with a tag finds the droplet by its tags.
        balancers=tuple(
            str(one["id"])
            for one in links.balancers
            if not one.get("tag") and droplet_id in (one.get("droplet_ids") or ())
        ),
        volumes=tuple(str(one) for one in row.get("volume_ids") or ()),
        keys=tuple(str(key) for key in body.get("ssh_keys") or ()),
        tags=tuple(tag for tag in row.get("tags") or () if not lease_tags([tag])),
        rules=tuple(text for one in links.firewalls for text in format_rules(one, droplet_id)),
    )


def _notes(row: Row, settings: FrozenDroplet, links: DropletLinks, rest: RestFile | None) -> list[str]:
    """Return what a user should know before a droplet is frozen."""
    name = escape_unprintable(str(row.get("name") or row["id"]))
    price, disk = (row.get("size") or {}).get("price_monthly"), row.get("disk")
    notes = []
    if price is not None and disk is not None:
        saved = float(price) + (prices.backups_usd(float(price), settings.backups) if settings.backups else 0)
        notes.append(
            f"Freezing {name} saves {format_usd(saved)} a month. Its snapshot costs at most "
            f"{format_usd(disk * prices.SNAPSHOT_GB.usd)} a month, if all of its {disk} GB are used."
        )
    if backups := len(row.get("backup_ids") or ()):
        notes.append(f"{pluralize(backups, 'backup')} of {name} will be deleted with it; its snapshots remain.")
    kept = [ip for ip in (settings.reserved_ip, settings.reserved_ip6) if ip]
    if settings.reserved_ip:
        notes.append(
            f"{join_words(kept)} stays reserved for {name}, and costs {format_usd(prices.UNASSIGNED_IP.usd)} a month "
            "while it is not assigned."
        )
    if settings.volumes:
        gib = sum(float(links.volumes.get(one, {}).get("size_gigabytes") or 0) for one in settings.volumes)
        notes.append(
            f"{pluralize(len(settings.volumes), 'volume')} of {name} will be detached, and still costs "
            f"{format_usd(gib * prices.VOLUME_GIB.usd)} a month."
        )
    for domain, record in links.records_with((settings.address, settings.address6)):
        at = escape_unprintable(domain if record.get("name") == "@" else f"{record.get('name')}.{domain}")
        notes.append(
            f"{record['type']} record {at} points to {record['data']}, which DigitalOcean may give to somebody else. "
            "Thaw updates it; delete it if the droplet stays frozen for long."
        )
    if settings.id:
        unknown = "user data" if settings.keys else "SSH keys and user data"
        notes.append(f"The {unknown} of {name} cannot be read; its disk has what they have set up.")
    if rest is not None:
        lost = escape_unprintable(join_words(rest.lost))
        notes.append(f"{lost} of {name} cannot be kept in tags, only on this machine: {rest.path}")
    return notes
