"""Reserved IPs in frames: the droplet that each is assigned to; an empty cell unassigns it. API: ``reservedIPsActions_post``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import FieldChange, Step, Target
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Field, sentence
from poseidon_nb.plans.frames.kind import Kind, presents
from poseidon_nb.plans.frames.matching import Identity
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.kind import Change, Work
    from poseidon_nb.plans.frames.matching import Present
    from poseidon_nb.plans.frames.rows import FrameRow

#: What a step shows of an address without a droplet.
UNASSIGNED = "unassigned"


class ReservedIPs(Kind):
    """Reserved IPs."""

    name = "reserved_ips"
    noun = "reserved IP"
    hallmarks = frozenset({"ip"})
    identity = Identity("reserved IP", "ip", cells.text, lambda _: None, needed="")
    not_deleted = "Reserved IPs are released with %do reserved-ips delete."
    fields = (
        Field(name="droplet_id", read=cells.folded, may_be_empty=True, empty=frozenset()),
        Field(name="region", read=cells.text, refusal="Reserve another with %do reserved-ips create."),
        Field(name="droplet_name", read=cells.loose, computed=True, refusal="Set droplet_id, to an id or a name."),
        Field(name="locked", read=cells.loose, computed=True),
        Field(name="project_id", read=cells.loose, computed=True),
    )

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:  # noqa: ARG002  # all of them
        """Read all reserved IPs."""
        return presents("reserved_ips", draft.account.client.call("reservedIPs_list"), id_column="ip")

    def prepare(self, draft: Draft, row: FrameRow) -> FrameRow:
        """Return a row with the id of the droplet that it names."""
        found = dict(row.cells)
        if "droplet_id" not in found and "droplet_name" in found:
            # A frame made by hand can name the droplet alone.
            found["droplet_id"] = found.pop("droplet_name")
        word = found.get("droplet_id")
        if word is not None and not cells.text(word).isdecimal():
            word = draft.droplet(cells.text(word)) if cells.text(word) else None
            found["droplet_id"] = word
        return replace(row, cells=found)

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:  # noqa: ARG002  # the same for all types
        """Refuse a new row: DigitalOcean chooses the address."""
        raise ValueError("this address is not reserved. Reserve one with %do reserved-ips create")

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains. An address is unassigned first if its droplet gets another one in the same plan."""
        wanted = {change.present.id: self._droplet(draft, change) for change in work.changes}
        receiving = {droplet for droplet in wanted.values() if droplet is not None}
        freed: dict[int | str, int] = {}
        for change in work.changes:
            now = change.present.cells.get("droplet_id")
            if now is not None and (wanted[change.present.id] is None or int(now) in receiving):
                freed[change.present.id] = draft.act(_step(change, now, None), on=[int(now)])
        holders = {
            int(one["droplet"]["id"]): one["ip"]
            for one in draft.account.client.call("reservedIPs_list")
            if isinstance(one.get("droplet"), dict) and one["droplet"].get("id")
        }
        for change in work.changes:
            droplet, now = wanted[change.present.id], change.present.cells.get("droplet_id")
            if droplet is None:
                continue
            holder = holders.get(droplet) if isinstance(droplet, int) else None
            if holder is not None and holder not in wanted:
                draft.errors.append(f"{change.who}: droplet {droplet} already has the reserved IP {holder}.")
                continue
            is_freed = change.present.id in freed
            step = replace(_step(change, None if is_freed else now, droplet), references=draft.references(droplet))
            on = [droplet, *([] if is_freed or now is None else [int(now)])]
            draft.act(step, on=on, after=[freed[change.present.id]] if is_freed else ())

    @staticmethod
    def _droplet(draft: Draft, change: Change) -> int | str | None:
        word = change.after("droplet_id")
        if word is None:
            return None
        try:
            droplet = draft.droplet(word)
        except ValueError as error:
            draft.errors.append(f"{change.who}: {sentence(str(error))}")
            return None
        region = (draft.droplets_by_id[droplet].get("region") or {}).get("slug") if isinstance(droplet, int) else None
        if region is not None and region != change.present.cells.get("region"):
            draft.errors.append(
                f"{change.who}: droplet {droplet} is in {region}, and the address is in {change.present.cells['region']}."
            )
        return droplet


def _step(change: Change, now: Any, droplet: int | str | None) -> Step:
    ip = str(change.present.id)
    fields = {"type": "unassign"} if droplet is None else {"type": "assign", "droplet_id": droplet}
    return Step(
        verb=fields["type"] if isinstance(fields["type"], str) else "assign",
        targets=(Target("reserved IP", ip, ip),),
        request=build_request(operation("reservedIPsActions_post"), path={"reserved_ip": ip}, body=fields),
        awaits="action",
        change=FieldChange(
            "droplet_id", UNASSIGNED if now is None else now, UNASSIGNED if droplet is None else droplet
        ),
    )
