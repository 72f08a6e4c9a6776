"""Domains and their DNS records. API: ``domains_*``. A domain has a name and no id.

The API reads a record's name relative to its domain, but filters by the full name. It returns host names without a
trailing dot, and refuses them without it (doctl#919, digitalocean/openapi#884). Here names may be relative or full, and
what was read can be written back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.connection import add_detail, check_fields
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.resource import Field, Resource, ResourceCollection
from poseidon_nb.errors import InvalidArgument, NotFound, Unprocessable
from poseidon_nb.text import did_you_mean, expected_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine
    from poseidon_nb.transport.request import Request

    Row = dict[str, Any]
    # Alias, because `list` is a method within the class.
    RecordList = list["Record"]

APEX = "@"
#: The record types of the API (domains_create_record).
RECORD_TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT")
#: Types whose value is a host name.
_HOSTNAME_TYPES = {"CNAME", "MX", "NS", "SRV", "CAA"}


def relative_name(name: str, domain: str) -> str:
    """Return a record's name relative to its domain, from a relative or full name.

    Raises
    ------
    InvalidArgument
        The name ends with a dot, so it is a full name, but not in this domain.
    """
    full = name.removesuffix(".")
    folded, parent = full.casefold(), domain.casefold()
    if folded in {"", APEX, parent}:
        return APEX
    if folded.endswith(f".{parent}"):
        return full[: -len(domain) - 1]
    if name.endswith("."):
        raise InvalidArgument(
            f"Name {name!r} is not in {domain}. If the name is relative to the domain, remove the trailing dot."
        )
    return name


def full_name(name: str, domain: str) -> str:
    """Return a record's full name, without a trailing dot."""
    relative = relative_name(name, domain)
    return domain if relative == APEX else f"{relative}.{domain}"


def api_data(record_type: str, data: str, *, tag: str | None = None) -> str:
    """Return a record's value as the API accepts it: host names get a trailing dot.

    Parameters
    ----------
    record_type : str
    data : str
        As the API returned it, or as the user wrote it.
    tag : str, optional
        Tag of a CAA record: the value of ``iodef`` is not a host name.
    """
    if record_type not in _HOSTNAME_TYPES or data in {"", APEX} or data.endswith("."):
        return data
    if record_type == "CAA" and (tag == "iodef" or ";" in data):
        # A value with parameters is not a host name, nor is ";", which allows nobody to issue certificates.
        return data
    return f"{data}."


class Domain(Resource):
    """A domain and its records."""

    _identity = "name"
    name = Field[str]()
    ttl = Field["int | None"]()
    zone_file = Field["str | None"]()

    def __init__(self, data: Mapping[str, Any], domains: Domains) -> None:
        super().__init__(data)
        self._domains = domains

    @property
    def records(self) -> Records:
        """The records of the domain: ``list()``, ``create(...)`` and more."""
        return self._domains.records(self)

    def refresh(self) -> Domain:
        """Read it again and update it in place, including its zone file."""
        self.assign(self._domains.read(self.name))
        return self

    def delete(self) -> None:
        """Delete the domain with all its records. This cannot be undone."""
        self._domains.delete(self)

    def _summary(self) -> tuple[object, ...]:
        return (self.name,)


class Domains(ResourceCollection[Domain]):
    """The domains of an account."""

    _internal = frozenset({"read"})

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "domains", "domains_list", lambda row: Domain(row, self))
        self._engine = engine

    def get(self, name: str) -> Domain:
        """Return one domain by name.

        Raises
        ------
        NotFound
            It does not exist; the closest names are suggested.
        """
        try:
            return Domain(self.read(name), self)
        except NotFound as error:
            names = [row["name"] for row in self._connection.rows("domains_list")]
            add_detail(error, did_you_mean(_name(name), names).removeprefix(". "))
            raise

    def read(self, name: str) -> dict[str, Any]:
        """Read a domain as the API sends it."""
        return self._connection.one("domains_get", path={"domain_name": _name(name)})

    def create(self, name: str, ip_address: str | None = None) -> Domain:
        """Create a domain, which DigitalOcean's name servers then serve.

        Parameters
        ----------
        name : str
            Must not be used by another account.
        ip_address : str, optional
            IPv4 address of the domain itself, for its first A record.
        """
        body = {"name": _name(name)} | ({"ip_address": ip_address} if ip_address else {})
        request = self._connection.request("domains_create", body=body)
        answer = self._engine.send(request, verb="create", target=Target("domain", _name(name), _name(name)))
        return Domain(self._connection.read_object("domains_create", answer), self)

    def delete(self, domain: Domain | str) -> None:
        """Delete a domain with all its records. This cannot be undone."""
        request = self._connection.request("domains_delete", path={"domain_name": _name(domain)})
        self._engine.send(request, verb="delete", target=Target("domain", _name(domain), _name(domain)))

    def records(self, domain: Domain | str) -> Records:
        """Return the records of a domain: ``client.domains.records("example.com").list()``."""
        name = _name(domain)
        return Records(self._connection, self._engine, name)


def _name(domain: Domain | str) -> str:
    """Return a domain's name as the API expects it, without a trailing dot."""
    name = domain.name if isinstance(domain, Domain) else domain
    if not name:
        raise InvalidArgument("This domain has no name.")
    return name.removesuffix(".")


class Record(Resource):
    """One DNS record of a domain; fields that its type does not use are None."""

    id = Field[int]()
    type = Field[str]()
    name = Field[str]()
    data = Field[str]()
    priority = Field["int | None"]()
    port = Field["int | None"]()
    ttl = Field["int | None"]()
    weight = Field["int | None"]()
    flags = Field["int | None"]()
    tag = Field["str | None"]()

    def __init__(self, data: Mapping[str, Any], records: Records) -> None:
        super().__init__(data)
        self._records = records

    @property
    def full_name(self) -> str:
        """Its name including the domain."""
        return full_name(self.name or APEX, self._records.domain)

    def refresh(self) -> Record:
        """Read it again and update it in place."""
        self.assign(self._records.read(self.id))
        return self

    def update(self, **fields: Any) -> Record:
        """Update the given fields: ``data``, ``ttl``, ``priority``, ``name``, ..."""
        self.assign(self._records.update(self, **fields).to_dict())
        return self

    def rename(self, name: str) -> Record:
        """Rename the record."""
        return self.update(name=name)

    def delete(self) -> None:
        """Delete the record."""
        self._records.delete(self)

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.type, self.name, self.data)


class Records(ResourceCollection[Record]):
    """The records of a domain.

    Parameters
    ----------
    connection : Connection
    engine : Engine
    domain : str
        Name of the domain.
    """

    _internal = frozenset({"read"})

    def __init__(self, connection: Connection, engine: Engine, domain: str) -> None:
        super().__init__(connection, "records", "domains_list_records", self._record_of)
        self._engine = engine
        self.domain = domain

    def __repr__(self) -> str:
        return f"<Records of {self.domain}>"

    def list(self, *, type: str | None = None, name: str | None = None, **filters: Any) -> RecordList:  # noqa: A002  # the API's own word
        """List the records, from all pages.

        Parameters
        ----------
        type : str, optional
            Only records of this type.
        name : str, optional
            Only records with this name, relative (``"www"``, ``"@"``) or full.
        """
        query = self._check_query(self._filters(type, name, filters))
        rows = self._connection.rows("domains_list_records", path=self._path(), query=query)
        return [self._record_of(row) for row in rows]

    def frame(self, *, type: str | None = None, name: str | None = None, **filters: Any) -> pd.DataFrame:  # noqa: A002  # as above
        """Return the records as a DataFrame, one row for each; parameters as for `list`."""
        query = self._check_query(self._filters(type, name, filters))
        return self._frame_of("domains_list_records", path=self._path(), query=query)

    def get(self, record_id: int) -> Record:
        """Return one record by id."""
        return self._record_of(self.read(record_id))

    def read(self, record_id: int) -> Row:
        """Read a record as the API sends it."""
        return self._connection.one("domains_get_record", path=self._path(record_id))

    def create(
        self,
        type: str,  # noqa: A002  # the API's own word
        name: str = "@",
        data: str | None = None,
        **fields: Any,
    ) -> Record:
        """Add a record.

        Parameters
        ----------
        type : str
            A, AAAA, CAA, CNAME, MX, NS, SRV or TXT.
        name : str
            Relative to the domain or full; ``"@"`` is the domain itself.
        data : str, optional
            An address, a text or a host name, with or without a trailing dot.
        **fields : object
            ``ttl`` in seconds (1800 by default); ``priority`` for MX and SRV, ``port`` and ``weight`` for SRV, ``flags``
            and ``tag`` for CAA.

        Raises
        ------
        InvalidArgument
            A field is unknown. Nothing was sent.
        Unprocessable
            The API refused the record.
        """
        body = self._body(type, {"name": name, "data": data, **fields})
        request = self._connection.request("domains_create_record", path=self._path(), body=body)
        answer = self._change(request, "create", Target("record", None, f"{body['type']} {body['name']}"))
        return self._record_of(self._connection.unwrapped("domains_create_record", answer))

    def update(self, record: Record | int, **fields: Any) -> Record:
        """Update the given fields of a record; fields as for `create`."""
        known = record if isinstance(record, Record) else self.get(record)
        if not any(value is not None for value in fields.values()):
            raise InvalidArgument("update requires at least one field, such as data=, name=, ttl= or priority=.")
        # The API requires the type for every update. The tag decides the format of the data of a CAA record.
        body = self._body(fields.pop("type", None) or known.type, fields, tag=known.tag)
        request = self._connection.request("domains_patch_record", path=self._path(known.id), body=body)
        answer = self._change(request, "update", Target("record", known.id, known.name))
        return self._record_of(self._connection.unwrapped("domains_patch_record", answer))

    def rename(self, record: Record | int, name: str) -> Record:
        """Rename a record."""
        return self.update(record, name=name)

    def delete(self, record: Record | int) -> None:
        """Delete a record."""
        record_id = record.id if isinstance(record, Record) else record
        request = self._connection.request("domains_delete_record", path=self._path(record_id))
        self._engine.send(request, verb="delete", target=Target("record", record_id, str(record_id)))

    def _path(self, record_id: int | None = None) -> Row:
        path: Row = {"domain_name": self.domain}
        return path if record_id is None else {**path, "domain_record_id": record_id}

    def _record_of(self, row: Mapping[str, Any]) -> Record:
        record = Record(row, self)
        # It exists before the next create, so it cannot be the result of that create.
        self._engine.sender.searches.remember("records", [record])
        return record

    def _filters(self, record_type: str | None, name: str | None, filters: Mapping[str, Any]) -> Row:
        full = full_name(name, self.domain) if name is not None else None
        return {**filters, "type": record_type and record_type.upper(), "name": full}

    def _body(self, record_type: str, fields: Mapping[str, Any], *, tag: str | None = None) -> Row:
        body = check_fields(operation("domains_create_record"), {"type": record_type.upper(), **fields})
        if "name" in body:
            body["name"] = relative_name(body["name"], self.domain)
        if "data" in body:
            body["data"] = api_data(body["type"], body["data"], tag=body.get("tag", tag))
        return body

    def _change(self, request: Request, verb: str, target: Target) -> Any:
        try:
            return self._engine.send(request, verb=verb, target=target)
        except Unprocessable as error:
            record_type = request.body["type"]
            unknown = f"Unknown record type {record_type!r}{expected_one_of(record_type, RECORD_TYPES)}"
            raise add_detail(error, "" if record_type in RECORD_TYPES else unknown) from None
