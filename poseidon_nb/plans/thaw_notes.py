"""What is not as it was after a thaw, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.frozen_rules import parse_rule
from poseidon_nb.plans.thaw_steps import addresses
from poseidon_nb.text import escape_unprintable, join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.droplet_links import DropletLinks
    from poseidon_nb.plans.frozen import FrozenDroplet

    Row = Mapping[str, Any]


def thaw_notes(  # what a thaw has read
    account: AccountReader,
    links: DropletLinks,
    existing: Sequence[Row],
    settings: FrozenDroplet,
    image: Row,
    row: Row | None,
) -> list[str]:
    """Return what is not as it was.

    Parameters
    ----------
    account : AccountReader
    links : DropletLinks
    existing : sequence of mapping
        All droplets of the account.
    settings : FrozenDroplet
    image : mapping
        The snapshot.
    row : mapping or None
        The droplet, if an earlier thaw created it.
    """
    name = escape_unprintable(settings.name)
    notes = [f"{name} was created already ({row['id']}). Only what is missing is restored."] if row is not None else []
    old = [one for one in (settings.address, settings.address6) if one]
    if old:
        notes.append(f"{name} gets new addresses; it had {join_words(old)}.")
    notes += [*_gone(links, settings, name, row), *_reserved(links, settings, row)]
    taken = {one for droplet in existing for one in addresses(droplet)}
    if any(one in taken and links.records_with((one,)) for one in old):
        notes.append(f"Records with an old address of {name} stay, because another droplet has this address now.")
    size_disk = (account.sizes.get(settings.size) or {}).get("disk")
    if settings.disk is not None and size_disk is not None and size_disk != settings.disk:
        notes.append(f"The disk of {name} gets {size_disk} GB; it had {settings.disk} GB.")
    if settings.off:
        notes.append(f"{name} was off, and is shut down again. Start it with %do droplets power_on {name}")
    if settings.region not in (image.get("regions") or ()):
        notes.append(
            f"The snapshot of {name} is not in {settings.region}. Transfer it: "
            f"%do images transfer {image['id']} --region {settings.region}"
        )
    return notes


def free_volumes(links: DropletLinks, settings: FrozenDroplet) -> list[str]:
    """Return those of a frozen droplet's volumes that exist and are not attached to anything."""
    volumes = links.volumes if settings.volumes else {}
    return [one for one in settings.volumes if one in volumes and not volumes[one].get("droplet_ids")]


def _gone(links: DropletLinks, settings: FrozenDroplet, name: str, row: Row | None) -> Iterator[str]:
    """Yield a note for each kind of resource of which some do not exist any more."""
    of_rules = [found[0] for text in settings.rules if (found := parse_rule(text, 0))]
    firewalls = tuple(dict.fromkeys([*settings.firewalls, *of_rules]))
    listed: tuple[tuple[str, Sequence[str], Callable[[], Collection[str]]], ...] = (
        ("firewall", firewalls, lambda: {str(one["id"]) for one in links.firewalls}),
        ("load balancer", settings.balancers, lambda: {str(one["id"]) for one in links.balancers}),
        ("project", (settings.project,), lambda: links.projects),
        ("VPC", (settings.vpc,), lambda: links.vpcs),
        ("SSH key", settings.keys, lambda: links.key_ids),
        ("volume", settings.volumes if row is None else (), lambda: free_volumes(links, settings)),
    )
    for kind, wanted, known in listed:
        named = [one for one in wanted if one]
        # A list is read only if something is looked up in it.
        there = known() if named else ()
        gone = [one for one in named if one not in there]
        if gone:
            more = " or is attached to another droplet" if kind == "volume" else ""
            yield f"{pluralize(len(gone), kind)} of {name} does not exist any more{more}: {join_words(gone)}."


def _reserved(links: DropletLinks, settings: FrozenDroplet, row: Row | None) -> Iterator[str]:
    for ip in filter(None, (settings.reserved_ip, settings.reserved_ip6)):
        holder = links.reserved_ips.get(ip)
        if ip not in links.reserved_ips:
            yield f"{ip} is not reserved any more."
        elif holder is not None and (row is None or holder != row["id"]):
            yield f"{ip} is assigned to another droplet ({holder})."
