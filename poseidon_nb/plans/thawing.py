"""Thawing frozen droplets: find their snapshots, create them again, and put back what referred to them. Sends nothing.

A plan claims the snapshot by a tag before it creates the droplet, so that two clients do not create two (`Step.claim`). If
the droplet exists already, because an earlier thaw did not end, only what is missing is built.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import (
    address_of,
    backup_policy,
    create_steps,
)
from poseidon_nb.client.engine.own_tags import CLAIM_PREFIX, FROZEN, claim_tag, is_claim_on, is_fresh_claim
from poseidon_nb.client.engine.steps import Reference, Step, Target, When
from poseidon_nb.errors import AmbiguousName, Forbidden, InvalidArgument, NoSuchName, NotFound
from poseidon_nb.plans.builders import create_tag_step
from poseidon_nb.plans.costs import size_usd_month, usd_month
from poseidon_nb.plans.droplet_links import DropletLinks
from poseidon_nb.plans.frozen import FrozenDroplet, is_frozen, name_in, own_tags, parse_tags
from poseidon_nb.plans.frozen_rules import has_rule, parse_rule
from poseidon_nb.plans.leases import delete_tag_step, format_lease
from poseidon_nb.plans.thaw_notes import free_volumes, thaw_notes
from poseidon_nb.plans.thaw_steps import (
    DUMMY_ID,
    NewDroplet,
    add_step,
    address6_of,
    addresses,
    assign_step,
    delete_image_step,
    for_new,
    image_tag_step,
    leftover_note,
    off_steps,
    record_step,
    referring_to,
    rule_step,
    untag_step,
)
from poseidon_nb.text import close_matches, did_you_mean, escape_unprintable, join_words
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.account import AccountReader

    Row = Mapping[str, Any]

_TOKEN_BYTES = 4
#: The number of the step that creates the droplet, after those that claim its snapshot.
CREATE_STEP = 2


@dataclass(frozen=True, slots=True)
class FrozenSnapshot:
    """A snapshot that holds a frozen droplet.

    Parameters
    ----------
    image : mapping
        The snapshot as the API's JSON of an image.
    droplet : FrozenDroplet or None
        Its settings; None if its tags do not hold them.
    """

    image: Row
    droplet: FrozenDroplet | None

    @property
    def name(self) -> str:
        """The droplet's name."""
        return self.droplet.name if self.droplet is not None else name_in(str(self.image.get("name")))

    @property
    def is_complete(self) -> bool:
        """Whether its tags hold what a droplet cannot be created without."""
        return self.droplet is not None and bool(self.droplet.name and self.droplet.size and self.droplet.region)


def frozen_snapshots(images: Iterable[Row]) -> list[FrozenSnapshot]:
    """Return the snapshots with a frozen droplet among some images."""
    return [
        FrozenSnapshot(image, parse_tags(image.get("tags"), str(image.get("name"))))
        for image in images
        if is_frozen(image.get("tags"))
    ]


def read_frozen(account: AccountReader) -> list[FrozenSnapshot]:
    """Read the snapshots with a frozen droplet of the account."""
    return frozen_snapshots(account.client.call("images_list", tag_name=FROZEN))


def find_frozen(listed: Sequence[FrozenSnapshot], word: str) -> FrozenSnapshot:
    """Return the frozen droplet with a name, or with an id of its snapshot.

    Raises
    ------
    NoSuchName, AmbiguousName
        There is none, or several have the name.
    """
    found = [one for one in listed if word in {str(one.image["id"]), str(one.image.get("name"))}]
    named = [one for one in listed if one.name == word]
    # Of several, those count that can be thawed.
    found = found or _newest([one for one in named if one.is_complete]) or named
    if not found:
        names = [one.name for one in listed]
        ending = did_you_mean(word, names) or ". List them with %do droplets frozen"
        raise NoSuchName(f"No frozen droplet is named {word!r}{ending}", name=word, nearest=close_matches(word, names))
    if len(found) > 1:
        ids = [int(one.image["id"]) for one in found]
        listed_ids = join_words(map(str, ids), conjunction="or")
        raise AmbiguousName(
            f"{len(found)} frozen droplets are named {word!r}. Use the id of a snapshot: {listed_ids}.",
            name=word,
            ids=ids,
        )
    return found[0]


def _newest(found: Sequence[FrozenSnapshot]) -> list[FrozenSnapshot]:
    """Return the newest snapshot of each droplet.

    Freezes that were interrupted and resumed may leave several of one droplet. It was destroyed because nothing had used it
    since one of them was taken, so the newest holds the same or more.
    """
    ordered = sorted(found, key=lambda one: str(one.image.get("created_at")))
    return [*{one.droplet.id: one for one in ordered if one.droplet is not None}.values()]


class Thaw:
    """Builder of the chains that thaw droplets.

    Parameters
    ----------
    account : AccountReader
        Gets notes.
    existing : sequence of mapping
        All droplets of the account as the API's JSON.
    lease : str
        The tag of a lease for the droplets; empty for none.
    delete_snapshot : bool
        Delete each snapshot once its droplet is back; otherwise only its tags are removed.
    keep_going : bool
        Leave out what the token may not read.
    """

    def __init__(
        self,
        account: AccountReader,
        existing: Sequence[Row],
        *,
        ends_at: datetime | None = None,
        delete_snapshot: bool = False,
        keep_going: bool = False,
    ) -> None:
        self._account = account
        self._existing = existing
        self._lease = format_lease(ends_at) if ends_at is not None else ""
        self._delete_snapshot = delete_snapshot
        self._links = DropletLinks(account, keep_going=keep_going)
        self.chains: list[Chain] = []

    def add(self, frozen: FrozenSnapshot) -> None:
        """Add the chains that thaw one droplet.

        Raises
        ------
        InvalidArgument
            Its settings cannot be read, or a droplet with its name exists.
        """
        settings, image = frozen.droplet, frozen.image
        first = len(self.chains)
        if settings is None or not frozen.is_complete:
            self._check_only_cleaning(frozen)
        else:
            self._add_droplet(settings, image)
        waits = tuple(Reference("", number) for number in range(first, len(self.chains)))
        self.chains.append(self._cleaning_chain(frozen, waits))

    def _check_only_cleaning(self, frozen: FrozenSnapshot) -> None:
        """Check that a droplet was created from a snapshot whose settings cannot be read, so that only its tags are left."""
        image_id = frozen.image["id"]
        label = escape_unprintable(frozen.name or str(frozen.image.get("name")))
        if not any((row.get("image") or {}).get("id") == image_id for row in self._existing):
            raise InvalidArgument(
                f"The tags of the snapshot of {label} do not hold its name, size and region any more. "
                f"Create a droplet from it: %do droplets create NAME --image {image_id} --size SLUG"
            )
        self._account.notes.append(f"{label} was created already. Only tags of its snapshot are removed.")

    def _add_droplet(self, settings: FrozenDroplet, image: Row) -> None:
        row = self._thawed(settings, image)
        first, new = len(self.chains), NewDroplet(settings.name)
        follow_ups = self._follow_ups(settings, row, new)
        if row is None:
            # They follow the chain that creates the droplet.
            follow_ups = [tuple(referring_to(step, first) for step in chain) for chain in follow_ups]
            self.chains.append(self._create_steps(settings, image))
        self.chains += follow_ups
        if row is None and settings.off:
            self.chains.append(self._power_off_steps(new, first, range(first, len(self.chains))))
        if row is not None and settings.off and row.get("status") == "active":
            others = range(first, len(self.chains))
            waits = tuple(Reference("", one) for one in others)
            self.chains.append(tuple(replace(step, references=waits) for step in off_steps(row)))
        self._account.notes.extend(thaw_notes(self._account, self._links, self._existing, settings, image, row))

    def _thawed(self, settings: FrozenDroplet, image: Row) -> Row | None:
        """Return the droplet that an earlier thaw created, or None."""
        same = [row for row in self._existing if row.get("name") == settings.name]
        made = [row for row in same if (row.get("image") or {}).get("id") == image["id"]]
        label = escape_unprintable(settings.name)
        if any(row["id"] == settings.id for row in self._existing):
            raise InvalidArgument(
                f"{label} ({settings.id}) still exists, because freezing it did not end. See %do plans, or freeze it again."
            )
        if len(same) > 1 or (same and not made):
            ids = join_words(str(row["id"]) for row in same)
            raise InvalidArgument(f"A droplet named {label} exists ({ids}). Rename it first, then thaw.")
        return made[0] if made else None

    def _create_steps(self, settings: FrozenDroplet, image: Row) -> Chain:
        now = self._account.client.now()
        others = [tag for tag in image.get("tags") or () if is_fresh_claim(str(tag), now)]
        if others:
            raise InvalidArgument(f"{escape_unprintable(settings.name)} is being thawed by another client.")
        claim = claim_tag(now, image["id"], secrets.token_hex(_TOKEN_BYTES))
        body = self._body(settings, image)
        price = usd_month("droplets_create", body, lambda size: size_usd_month(self._account.sizes, size))
        (create,) = create_steps([settings.name], body, single=True, usd_month_each=price)
        release = Step(
            verb="delete",
            targets=(Target("tag", claim, claim),),
            request=build_request(operation("tags_delete"), path={"tag_id": claim}),
            when=When.ALWAYS,
        )
        return (
            create_tag_step(claim),
            image_tag_step("tag", "tags_assign_resources", image, claim),
            replace(create, claim=claim),
            release,
        )

    def _body(self, settings: FrozenDroplet, image: Row) -> dict[str, Any]:
        body: dict[str, Any] = {
            "region": settings.region,
            "size": settings.size,
            "image": image["id"],
            "tags": [*settings.tags, *([self._lease] if self._lease else [])],
        }
        if settings.vpc in self._links.vpcs:
            body["vpc_uuid"] = settings.vpc
        free = free_volumes(self._links, settings)
        known = [key for key in settings.keys if key in self._links.key_ids] if settings.keys else []
        body |= {name: True for name in ("ipv6", "monitoring") if getattr(settings, name)}
        body |= {"volumes": free} if free else {}
        body |= {"ssh_keys": [int(key) if key.isdecimal() else key for key in known]} if known else {}
        body |= {"with_droplet_agent": False} if settings.no_agent else {}
        body |= {"public_networking": False} if settings.no_public else {}
        if settings.backups:
            policy = backup_policy(plan=settings.backups, weekday=settings.weekday or None, hour=settings.hour)
            body |= {"backups": True, **policy}
        return body

    def _follow_ups(self, settings: FrozenDroplet, row: Row | None, new: NewDroplet) -> list[Chain]:
        """Return the chains that put back what referred to the droplet. They refer to chain 0 for its id."""
        droplet_id: Any = row["id"] if row is not None else new.id
        by_id = () if row is not None else (Reference(new.id, 0, step=CREATE_STEP),)
        chains: list[Chain] = [
            (assign_step(settings.name, ip, droplet_id, by_id),)
            for ip in filter(None, (settings.reserved_ip, settings.reserved_ip6))
            if self._links.reserved_ips.get(ip, 0) is None
        ]
        for kind, operation_id, key, rows, wanted in (
            ("firewall", "firewalls_assign_droplets", "firewall_id", self._links.firewalls, settings.firewalls),
            ("load balancer", "loadBalancers_add_droplets", "lb_id", self._links.balancers, settings.balancers),
        ):
            for one in (one for one in rows if wanted and str(one["id"]) in wanted):
                body = {"droplet_ids": [droplet_id]}
                chains.append((add_step(settings.name, kind, one, operation_id, {key: one["id"]}, body, by_id),))
        firewalls = {str(one["id"]): one for one in self._links.firewalls} if settings.rules else {}
        for text in settings.rules:
            firewall_id, rule = parse_rule(text, droplet_id) or ("", {})
            firewall = firewalls.get(firewall_id)
            if firewall is not None and (row is None or not has_rule(firewall, text, row["id"])):
                chains.append((rule_step(settings.name, firewall, rule, by_id),))
        if settings.project and settings.project in self._links.projects:
            project = self._links.projects[settings.project]
            body = {"resources": [f"do:droplet:{droplet_id}"]}
            chains.append(
                (
                    add_step(
                        settings.name,
                        "project",
                        project,
                        "projects_assign_resources",
                        {"project_id": settings.project},
                        body,
                        by_id,
                    ),
                )
            )
        return [*chains, *self._record_chains(settings, row, new)]

    def _record_chains(self, settings: FrozenDroplet, row: Row | None, new: NewDroplet) -> list[Chain]:
        """Return the chains that point records at the new address, unless a droplet of the account got the old one."""
        taken = {one for droplet in self._existing for one in addresses(droplet)}
        chains: list[Chain] = []
        for old, field, placeholder in (
            (settings.address, "public_ipv4", new.address),
            (settings.address6, "public_ipv6", new.address6),
        ):
            now = None if row is None else (address6_of(row) if field == "public_ipv6" else address_of(row, "public"))
            if not old or old in taken or (row is not None and now is None):
                continue
            references = () if row is not None else (Reference(placeholder, 0, field, CREATE_STEP),)
            chains += [
                (replace(record_step(domain, record, now or placeholder), references=references),)
                for domain, record in self._links.records_with((old,))
            ]
        return chains

    def _power_off_steps(self, new: NewDroplet, first: int, others: Iterable[int]) -> Chain:
        """Return the steps that switch a droplet off again that was off, once nothing else keeps it busy."""
        on = {"id": DUMMY_ID, "name": new.name, "status": "active"}
        references = (Reference(new.id, first, step=CREATE_STEP), *(Reference("", one) for one in others))
        # Nothing runs on a droplet that was just created.
        return tuple(replace(for_new(step, new.id), references=references, interrupts=False) for step in off_steps(on))

    def _resource_id(self, image: Row) -> str:
        """Return the id of the droplet that a snapshot was taken of, which no tag of it holds any more."""
        try:
            snapshot = self._account.client.snapshots.get(image["id"])
        except (Forbidden, NotFound):
            return ""
        return str(snapshot.to_dict().get("resource_id") or "")

    @cached_property
    def _snapshots(self) -> Sequence[Row]:
        try:
            return list(self._account.client.call("snapshots_list", resource_type="droplet"))
        except Forbidden:
            return ()

    def _leftovers(self, image: Row, old_id: object) -> list[Row]:
        """Return the other snapshots of a droplet that freezing has tagged, without newer ones that can be thawed instead."""
        others = [one for one in self._snapshots if str(one["id"]) != str(image["id"]) and own_tags(one.get("tags"))]
        newer = [one for one in others if str(one.get("created_at")) > str(image.get("created_at"))]
        kept = [str(one.image["id"]) for one in frozen_snapshots(newer) if one.is_complete]
        return [one for one in others if str(one.get("resource_id")) == str(old_id) and str(one["id"]) not in kept]

    def _cleaning_chain(self, frozen: FrozenSnapshot, waits: tuple[Reference, ...]) -> Chain:
        """Return the chain after which the snapshot is not frozen any more.

        The tag that says so goes last, and the settings before it: if the chain does not end, the next thaw finds the
        snapshot again, and creates nothing from what is left.
        """
        image = frozen.image
        listed = [*self._account.tag_names, *(str(tag) for tag in image.get("tags") or ())]
        now = self._account.client.now()
        old_id = self._resource_id(image) if frozen.droplet is None else frozen.droplet.id
        prefix = f"{FROZEN}:{old_id}:"
        ours = [*own_tags(image.get("tags")), *(tag for tag in listed if tag.casefold().startswith(prefix))]
        # Claims that count no more were left by processes that have ended. Nor do those on this snapshot, whose droplet is
        # there by then: a thaw that has another claim on it creates nothing.
        claims = [tag for tag in listed if tag.casefold().startswith(CLAIM_PREFIX)]
        ours += [tag for tag in claims if is_claim_on(tag, image["id"]) or not is_fresh_claim(tag, now)]
        held = {str(tag).casefold() for tag in image.get("tags") or ()}
        steps: list[Step] = []
        for other in self._leftovers(image, old_id):
            self._account.notes.append(leftover_note(frozen.name, other))
            # The one that says that it is frozen goes first: the newest must stay the only one.
            steps += [untag_step(other, tag) for tag in own_tags(other.get("tags"))[::-1]]
        for tag in dict.fromkeys(tag for tag in ours if tag.casefold() != FROZEN):
            if tag.casefold() in held:
                steps.append(untag_step(image, tag))
            steps.append(delete_tag_step(tag))
        steps.append(delete_image_step(image) if self._delete_snapshot else untag_step(image, FROZEN))
        return (replace(steps[0], references=waits), *steps[1:])
