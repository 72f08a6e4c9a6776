"""Firewalls in frames: name, rules, tags and droplets. One request replaces all settings of a firewall.

API: ``firewalls_create``, ``firewalls_update``, ``firewalls_delete``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Difference, Field
from poseidon_nb.plans.frames.draft import change_of
from poseidon_nb.plans.frames.kind import Kind, presents, tried
from poseidon_nb.plans.frames.matching import Identity
from poseidon_nb.text import expected_one_of
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.kind import Change, Work
    from poseidon_nb.plans.frames.matching import Present
    from poseidon_nb.plans.frames.rows import FrameRow

    Row = Mapping[str, Any]

_PROTOCOLS = ("tcp", "udp", "icmp")
_SIDES = {"inbound_rules": "sources", "outbound_rules": "destinations"}
_TARGETS = ("addresses", "droplet_ids", "load_balancer_uids", "kubernetes_ids", "tags")
#: The ways to write all ports.
_ALL_PORTS = frozenset({"all", "0", "", "none"})


def rules(side: str, value: Any) -> frozenset[Any]:
    """Return rules in a form that ignores their order and that of their sources or destinations."""
    return frozenset(_rule(side, one) for one in cells.items(value))


def _rule(side: str, rule: Any) -> Any:
    if not isinstance(rule, dict):
        raise ValueError(f"has a rule that is not an object with protocol, ports and {side}")  # noqa: TRY004  # one type
    if odd := [name for name in rule if name not in {"protocol", "ports", side}]:
        raise ValueError(f"has a rule with {odd[0]!r}. A rule has protocol, ports and {side}")
    protocol = str(rule.get("protocol"))
    if protocol not in _PROTOCOLS:
        raise ValueError(f"has the protocol {protocol!r}{expected_one_of(protocol, _PROTOCOLS)}")
    targets = rule.get(side) or {}
    if not isinstance(targets, dict) or (odd := [name for name in targets if name not in _TARGETS]):
        raise ValueError(f"has a rule whose {side} are not addresses, droplet_ids, load_balancer_uids or tags")
    ports = str(rule.get("ports")).casefold()
    ends = tuple(
        sorted((name, frozenset(str(one).casefold() for one in values)) for name, values in targets.items() if values)
    )
    return (protocol, "0" if ports in _ALL_PORTS else ports, ends)


def _ids(value: Any) -> frozenset[str]:
    return frozenset(cells.words(value))


class Firewalls(Kind):
    """Firewalls."""

    name = "firewalls"
    noun = "firewall"
    hallmarks = frozenset({"inbound_rules", "outbound_rules", "pending_changes"})
    identity = Identity("firewall", "id", cells.text, lambda row: row.get("name") and cells.text(row["name"]))
    has_tags = True
    fields = (
        Field(name="name", read=cells.text),
        *(Field(name=name, read=partial(rules, side), empty=frozenset()) for name, side in _SIDES.items()),
        Field(name="droplet_ids", read=_ids, empty=frozenset()),
        Field(name="tags", read=cells.tags, empty=frozenset()),
        Field(name="status", read=cells.loose, computed=True),
        Field(name="pending_changes", read=cells.loose, computed=True),
        Field(name="created_at", read=cells.loose, computed=True),
    )

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:  # noqa: ARG002  # all of them
        """Read all firewalls."""
        return presents("firewalls", draft.account.client.call("firewalls_list"))

    def prepare(self, draft: Draft, row: FrameRow) -> FrameRow:
        """Return a row with the ids of droplets that it names."""
        if row.cells.get("droplet_ids") is None:
            return row
        ids = []
        for word in cells.words(row.cells["droplet_ids"]):
            id_ = int(word) if word.isdecimal() else draft.droplet(word)
            if isinstance(id_, str):
                raise ValueError(f"droplet {word} is new. Give it a tag, and the firewall this tag")  # noqa: TRY004  # one type
            ids.append(id_)
        return replace(row, cells={**row.cells, "droplet_ids": ids})

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:
        """Check a new firewall."""
        if tag is not None and tag.casefold() not in cells.tags(row.cells.get("tags") or []):
            raise ValueError(f"its tags must contain {tag}, because of --tag {tag}")
        self._check(draft, self._body(row.cells))

    @staticmethod
    def _body(row: Row) -> dict[str, Any]:
        return {
            "name": cells.text(row["name"]),
            **{
                name: [_sendable(side, one) for one in cells.items(row.get(name) or [])]
                for name, side in _SIDES.items()
            },
            "droplet_ids": [cells.integer(one) for one in cells.items(row.get("droplet_ids") or [])],
            "tags": cells.words(row.get("tags") or []),
        }

    @staticmethod
    def _check(draft: Draft, body: Row, before: Row | None = None) -> None:
        if not body["inbound_rules"] and not body["outbound_rules"]:
            raise ValueError("a firewall needs at least one inbound or outbound rule")
        for name, side in _SIDES.items():
            rules(side, body[name])
        cells.tags(body["tags"])
        known = (before or {}).get("droplet_ids") or ()
        for id_ in body["droplet_ids"]:
            # One that it has already may have been destroyed.
            if id_ not in known:
                draft.droplet(id_)

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains: one for each firewall. Droplets that get one of its tags wait for it."""
        for row in work.new:
            body = self._body(row.cells)
            step = Step(
                verb="create",
                targets=(Target("firewall", None, body["name"]),),
                request=build_request(operation("firewalls_create"), body=body),
            )
            self._add(draft, step, body)
        for change in work.changes:
            tried(draft, change.who, partial(self._build_change, draft, change))

    def _build_change(self, draft: Draft, change: Change) -> None:
        present = change.present
        body = self._body({**present.cells, **{one.field.name: one.after for one in change.differences}})
        self._check(draft, body, present.cells)
        step = Step(
            verb="update",
            targets=(Target("firewall", present.id, str(present.cells.get("name") or present.id)),),
            request=build_request(operation("firewalls_update"), path={"firewall_id": present.id}, body=body),
            change=change_of([_shortened(one) for one in change.differences]),
        )
        self._add(draft, step, body)

    @staticmethod
    def _add(draft: Draft, step: Step, body: Row) -> None:
        after = [number for tag in (*body["tags"], *_rule_tags(body)) for number in draft.create_tag(tag)]
        number = draft.add(step, after=after)
        for tag in body["tags"]:
            draft.firewalls.setdefault(tag.casefold(), []).append(number)

    def build_deletes(self, draft: Draft, missing: Sequence[Present]) -> None:
        """Delete firewalls."""
        for one in missing:
            target = Target("firewall", one.id, str(one.cells.get("name") or one.id))
            request = build_request(operation("firewalls_delete"), path={"firewall_id": one.id})
            draft.add(Step(verb="delete", targets=(target,), request=request))


def _shortened(difference: Difference) -> Difference:
    """Return a difference of rules with those that are removed and added, as text."""
    side = _SIDES.get(difference.field.name)
    if side is None:
        return difference
    before, after = (
        {_rule(side, one): one for one in cells.items(rules or [])} for rules in (difference.before, difference.after)
    )
    removed = [_rule_text(side, rule) for key, rule in before.items() if key not in after]
    added = [_rule_text(side, rule) for key, rule in after.items() if key not in before]
    return Difference(difference.field, "; ".join(removed) or "nothing removed", "; ".join(added) or "nothing added")


def _rule_text(side: str, rule: Row) -> str:
    ends = ", ".join(str(one) for values in (rule.get(side) or {}).values() for one in values or ())
    return f"{rule['protocol']} {rule.get('ports') or 'all'} {'from' if side == 'sources' else 'to'} {ends}"


def _rule_tags(body: Row) -> list[str]:
    """Return the tags that rules name as their sources or destinations."""
    found = [rule[side].get("tags") or [] for name, side in _SIDES.items() for rule in body[name]]
    return cells.words([tag for tags in found for tag in tags])


def _sendable(side: str, rule: Any) -> Any:
    """Return a rule as the API accepts it: without empty sources, and with its ports as text."""
    _rule(side, rule)
    targets = {name: values for name, values in (rule.get(side) or {}).items() if values}
    ports = str(rule.get("ports")).casefold()
    return {
        "protocol": rule["protocol"],
        **(
            {}
            if rule["protocol"] == "icmp" and not rule.get("ports")
            else {"ports": "0" if ports in _ALL_PORTS else ports}
        ),
        side: targets,
    }
