"""DNS records in frames. A record's frame does not show its domain: the kernel remembers it, or a column ``domain`` has it.

The data of a row can be ``<address of web-4>``, also of a droplet that the same plan creates.

API: ``domains_create_record``, ``domains_patch_record``, ``domains_delete_record``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.domains import APEX, RECORD_TYPES, api_data, full_name, relative_name
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.client.fetch import fetch_each
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Field
from poseidon_nb.plans.frames.draft import ADDRESS_OF, change_of
from poseidon_nb.plans.frames.kind import Kind, presents, tried, with_cells
from poseidon_nb.plans.frames.matching import Identity
from poseidon_nb.text import did_you_mean, expected_one_of
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.kind import Change, Work
    from poseidon_nb.plans.frames.matching import Present
    from poseidon_nb.plans.frames.rows import FrameRow

    Row = Mapping[str, Any]

_NUMBERS = ("priority", "port", "ttl", "weight", "flags")
#: Types whose data is a host name, which is served without its final dot.
_HOSTS = frozenset({"CNAME", "MX", "NS", "SRV", "CAA"})
#: Of these, those for which the own domain is served as ``@``.
_APEX_TYPES = frozenset({"CNAME", "MX", "NS", "SRV"})


def _key(row: Row) -> tuple[str, str, str] | None:
    if row.get("type") is None or row.get("domain") is None:
        return None
    return (str(row["domain"]), str(row["type"]).upper(), cells.text(row.get("name") or APEX).casefold())


def _data(value: Any) -> str:
    text = cells.text(value)
    if not text:
        raise ValueError("must not be empty. Drop the row to delete the record")
    return text


class Records(Kind):
    """DNS records."""

    name = "records"
    noun = "record"
    hallmarks = frozenset({"ttl", "data", "priority", "flags"})
    extra_columns = ("domain",)
    identity = Identity(
        "record",
        "id",
        cells.integer,
        _key,
        prefer=lambda row: cells.text(row.get("data") or ""),
        needed="type, name and domain",
    )
    fields = (
        Field(name="name", read=cells.text),
        Field(name="data", read=_data),
        *(Field(name=name, read=cells.integer) for name in _NUMBERS),
        Field(name="tag", read=cells.text),
        Field(name="type", read=cells.text, refusal="Drop the row, and add one with the other type."),
        Field(name="domain", read=cells.text, refusal="Drop the row, and add one in the other domain."),
    )

    def __init__(self, domains_shown: Mapping[int, str] | None = None) -> None:
        #: The domain of each record that a listing of this kernel showed.
        self._shown = domains_shown or {}
        self._domains: list[str] = []
        self._used: list[str] = []

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:
        """Read the records of the domains that the rows are in; of all domains if that is not known."""
        client = draft.account.client
        self._domains = [domain.name for domain in client.domains.list()]
        named = {domain for row in rows if (domain := self._domain_of(row))}
        unknown = any(row.cells.get("id") is not None and not self._domain_of(row) for row in rows)
        used = [one for one in self._domains if one in named or unknown]
        found: list[Present] = []
        for result in fetch_each(used, lambda name: [one.to_dict() for one in client.domains.records(name).list()]):
            if result.error is not None:
                raise result.error
            found += [with_cells(one, domain=result.item) for one in presents("records", result.value or [])]
        place = {one.id: str(one.cells["domain"]) for one in found}
        self._shown = {**self._shown, **{int(id_): domain for id_, domain in place.items()}}
        # Rows that name no domain are in that of the others, if there is one.
        self._used = [*dict.fromkeys([*named, *filter(None, map(self._domain_of, rows))])]
        return found

    def _domain_of(self, row: FrameRow) -> str:
        """Return the domain of a row, or an empty text if it is not known."""
        domain = row.cells.get("domain")
        if domain is not None:
            return str(domain).strip().removesuffix(".").casefold()
        try:
            return self._shown.get(cells.integer(row.cells.get("id")), "")
        except ValueError:
            return ""

    def prepare(self, draft: Draft, row: FrameRow) -> FrameRow:
        """Return a row with its domain, and its name and data as the API serves them."""
        found = dict(row.cells)
        domain = self._domain_of(row) or (self._used[0] if len(self._used) == 1 else "")
        if not domain:
            if row.cells.get("id") is not None:
                # It does not exist, whatever its domain was.
                return row
            raise ValueError("its domain is not known. Add a column domain")
        if domain not in self._domains:
            raise ValueError(f"domain {domain!r} not found{did_you_mean(domain, self._domains)}")
        found["domain"] = domain
        type_ = cells.text(found["type"]).upper() if found.get("type") is not None else ""
        if type_:
            found["type"] = type_
        if found.get("name") is not None:
            found["name"] = relative_name(cells.text(found["name"]), domain)
        if found.get("data") is not None:
            found["data"] = _served(type_, self._address(draft, cells.text(found["data"])), domain)
        return replace(row, cells=found)

    @staticmethod
    def _address(draft: Draft, data: str) -> str:
        if data.startswith(ADDRESS_OF) and data.endswith(">"):
            return draft.address(data[len(ADDRESS_OF) : -1])
        return data

    def in_scope(self, present: Present, tag: str | None, rows: Sequence[FrameRow]) -> bool:  # noqa: ARG002  # records have no tags
        """Return whether a record is in one of the frame's domains."""
        return present.cells["domain"] in self._used

    def never_deleted(self, present: Present) -> bool:
        """Return whether a record is one that every domain has."""
        apex = present.cells.get("name") == APEX
        return present.cells.get("type") == "SOA" or (apex and present.cells.get("type") == "NS")

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:  # noqa: ARG002  # records have no tags
        """Check a new record."""
        type_ = row.cells.get("type")
        if type_ not in RECORD_TYPES:
            raise ValueError(f"unknown record type {str(type_)!r}{expected_one_of(str(type_), RECORD_TYPES)}")
        if row.cells.get("data") is None or type_ == "SOA":
            raise ValueError(
                "a new record needs data" if type_ != "SOA" else "the SOA record is created by DigitalOcean"
            )
        self._body(row.cells, ("data", *_NUMBERS, "tag"))

    @staticmethod
    def _body(row: Row, names: Sequence[str]) -> dict[str, Any]:
        """Return some cells of a record as the fields of a body."""
        body: dict[str, Any] = {"type": row["type"]}
        for name in names:
            value = row.get(name)
            if value is None:
                continue
            body[name] = cells.integer(value) if name in _NUMBERS else cells.text(value)
        if "data" in body and not body["data"].startswith(ADDRESS_OF):
            body["data"] = api_data(body["type"], body["data"], tag=row.get("tag"))
        return body

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains: one for each record."""
        for row in work.new:
            domain = str(row.cells["domain"])
            body = {**self._body(row.cells, ("data", *_NUMBERS, "tag")), "name": row.cells.get("name") or APEX}
            step = Step(
                verb="create",
                targets=(Target("record", None, f"{body['type']} {full_name(body['name'], domain)}"),),
                request=build_request(operation("domains_create_record"), path={"domain_name": domain}, body=body),
            )
            draft.add(replace(step, references=draft.references(body.get("data"))))
        for change in work.changes:
            tried(draft, change.who, partial(self._build_change, draft, change))

    def _build_change(self, draft: Draft, change: Change) -> None:
        present = change.present
        names = [one.field.name for one in change.differences]
        row = {**present.cells, **{one.field.name: one.after for one in change.differences}}
        if present.cells.get("type") == "SOA":
            raise ValueError("the SOA record cannot be changed")
        body = self._body(row, names)
        step = Step(
            verb="update",
            targets=(_target(present),),
            request=build_request(
                operation("domains_patch_record"),
                path={"domain_name": present.cells["domain"], "domain_record_id": present.id},
                body=body,
            ),
            change=change_of(change.differences),
        )
        draft.add(replace(step, references=draft.references(body.get("data"))))

    def build_deletes(self, draft: Draft, missing: Sequence[Present]) -> None:
        """Delete records."""
        for one in missing:
            path = {"domain_name": one.cells["domain"], "domain_record_id": one.id}
            request = build_request(operation("domains_delete_record"), path=path)
            draft.add(Step(verb="delete", targets=(_target(one),), request=request))


def _target(present: Present) -> Target:
    name = full_name(str(present.cells.get("name") or APEX), str(present.cells["domain"]))
    return Target("record", present.id, f"{present.cells.get('type')} {name}")


def _served(type_: str, data: str, domain: str) -> str:
    """Return a record's data as the API serves it: host names without a final dot, and the own domain as ``@``."""
    if type_ not in _HOSTS or data == APEX:
        return data
    host = data.removesuffix(".")
    return APEX if type_ in _APEX_TYPES and host.casefold() == domain else host
