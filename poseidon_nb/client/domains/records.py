"""The records of one domain. API: ``domains_list_records`` and its neighbours.

Names may be relative to the domain or full, and what was read can be written again: see `record_words`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.collection import Collection
from poseidon_nb.client.connection import checked_fields, explained
from poseidon_nb.client.domains.record_words import TYPES, full_name, relative_name, written_data
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.resource import Field, Resource
from poseidon_nb.errors import InvalidArgument, Unprocessable
from poseidon_nb.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine
    from poseidon_nb.transport.request import Request

    Row = dict[str, Any]
    # Named here because within the class `list` is the method.
    RecordList = list["Record"]


class Record(Resource):
    """One record of a domain; fields that its type does not use are None."""

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
        """Its name with the domain, as it is asked for on the internet."""
        return full_name(self.name, self._records.domain)

    def refresh(self) -> Record:
        """Read it again, in place."""
        self.assign(self._records.read(self.id))
        return self

    def update(self, **fields: Any) -> Record:
        """Change some of its fields, and nothing else: ``data``, ``ttl``, ``priority``, ``name``, ..."""
        self.assign(self._records.update(self, **fields).to_dict())
        return self

    def rename(self, name: str) -> Record:
        """Rename it."""
        return self.update(name=name)

    def delete(self) -> None:
        """Take it away."""
        self._records.delete(self)

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.type, self.name, self.data)


class Records(Collection[Record]):
    """The records of a domain.

    Parameters
    ----------
    connection : Connection
    domain : str
        Its name.
    """

    def __init__(self, connection: Connection, engine: Engine, domain: str) -> None:
        super().__init__(connection, "records", "domains_list_records", self._made)
        self._engine = engine
        self.domain = domain

    def __repr__(self) -> str:
        return f"<Records of {self.domain}>"

    def list(self, *, type: str | None = None, name: str | None = None, **filters: Any) -> RecordList:  # noqa: A002  # the API's own word
        """Return the records, from all pages.

        Parameters
        ----------
        type : str, optional
            Only those of this type.
        name : str, optional
            Only those of this name, relative (``"www"``, ``"@"``) or full.
        """
        query = self._checked(self._filters(type, name, filters))
        rows = self._connection.rows("domains_list_records", path=self._path(), query=query)
        return [self._made(row) for row in rows]

    def frame(self, *, type: str | None = None, name: str | None = None, **filters: Any) -> pd.DataFrame:  # noqa: A002  # as above
        """Return the records as a DataFrame, a row each; the parameters are those of `list`."""
        query = self._checked(self._filters(type, name, filters))
        pages = self._connection.pages("domains_list_records", path=self._path(), query=query)
        return self._framed(page.body for page in pages)

    def get(self, record_id: int) -> Record:
        """Return one record by its id."""
        return self._made(self.read(record_id))

    def read(self, record_id: int) -> Row:
        """Return a record as the API sends it."""
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
            An address, a text, or a name; the dot at the end of a full name may be left out.
        **fields : object
            ``ttl`` in seconds (1800 by default); ``priority`` for MX and SRV, ``port`` and ``weight`` for SRV, ``flags``
            and ``tag`` for CAA.

        Raises
        ------
        InvalidArgument
            A record has no such field. Nothing was sent.
        Unprocessable
            The service refused.
        """
        body = self._body(type, {"name": name, "data": data, **fields})
        request = self._connection.request("domains_create_record", path=self._path(), body=body)
        answer = self._change(request, "create", Target("record", None, f"{body['type']} {body['name']}"))
        return self._made(self._connection.unwrapped("domains_create_record", answer))

    def update(self, record: Record | int, **fields: Any) -> Record:
        """Change some fields of a record, and nothing else; the fields are those of `create`."""
        known = record if isinstance(record, Record) else self.get(record)
        if not any(value is not None for value in fields.values()):
            raise InvalidArgument("update takes the fields that change: data=, name=, ttl=, priority=, ...")
        # The API asks for the type of every change; the tag decides how the data of a CAA record is written.
        body = self._body(fields.pop("type", None) or known.type, fields, tag=known.tag)
        request = self._connection.request("domains_patch_record", path=self._path(known.id), body=body)
        answer = self._change(request, "update", Target("record", known.id, known.name))
        return self._made(self._connection.unwrapped("domains_patch_record", answer))

    def rename(self, record: Record | int, name: str) -> Record:
        """Rename a record."""
        return self.update(record, name=name)

    def delete(self, record: Record | int) -> None:
        """Take a record away."""
        record_id = record.id if isinstance(record, Record) else record
        request = self._connection.request("domains_delete_record", path=self._path(record_id))
        self._engine.change(request, verb="delete", target=Target("record", record_id, str(record_id)))

    def _path(self, record_id: int | None = None) -> Row:
        path: Row = {"domain_name": self.domain}
        return path if record_id is None else {**path, "domain_record_id": record_id}

    def _made(self, row: Mapping[str, Any]) -> Record:
        record = Record(row, self)
        # It is older than the next create, and never taken for that create's outcome.
        self._engine.sender.looks.know("records", [record])
        return record

    def _filters(self, record_type: str | None, name: str | None, filters: Mapping[str, Any]) -> Row:
        full = full_name(name, self.domain) if name is not None else None
        return {**filters, "type": record_type and record_type.upper(), "name": full}

    def _body(self, record_type: str, fields: Mapping[str, Any], *, tag: str | None = None) -> Row:
        body = checked_fields(operation("domains_create_record"), {"type": record_type.upper(), **fields})
        if "name" in body:
            body["name"] = relative_name(body["name"], self.domain)
        if "data" in body:
            body["data"] = written_data(body["type"], body["data"], tag=body.get("tag", tag))
        return body

    def _change(self, request: Request, verb: str, target: Target) -> Any:
        try:
            return self._engine.change(request, verb=verb, target=target)
        except Unprocessable as error:
            kind = request.body["type"]
            there_are = f"the types are {', '.join(TYPES)}{did_you_mean(kind, TYPES)}"
            raise explained(error, "" if kind in TYPES else there_are) from None
