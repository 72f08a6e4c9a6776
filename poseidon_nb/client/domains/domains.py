"""The domains whose names DigitalOcean's servers answer for. API: ``domains_*``; a domain has a name and no id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.collection import Collection
from poseidon_nb.client.domains.records import Records
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.resource import Field, Resource
from poseidon_nb.errors import NotFound
from poseidon_nb.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine


class Domain(Resource):
    """A domain, with its records."""

    _identity = "name"
    name = Field[str]()
    ttl = Field["int | None"]()
    zone_file = Field["str | None"]()

    def __init__(self, data: Mapping[str, Any], domains: Domains) -> None:
        super().__init__(data)
        self._domains = domains

    @property
    def records(self) -> Records:
        """Its records: ``list()``, ``create(...)`` and more."""
        return self._domains.records(self)

    def refresh(self) -> Domain:
        """Read it again, in place: its zone file follows its records."""
        self.assign(self._domains.read(self.name))
        return self

    def delete(self) -> None:
        """Take it out of the account, with all of its records. This cannot be undone."""
        self._domains.delete(self)

    def _summary(self) -> tuple[object, ...]:
        return (self.name,)


class Domains(Collection[Domain]):
    """The domains of an account."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "domains", "domains_list", lambda row: Domain(row, self))
        self._engine = engine

    def get(self, name: str) -> Domain:
        """Return one domain by its name.

        Raises
        ------
        NotFound
            There is none; the nearest are given.
        """
        try:
            return Domain(self.read(name), self)
        except NotFound as error:
            names = [row["name"] for row in self._connection.rows("domains_list")]
            error.args = (f"{error.args[0]}{did_you_mean(_name(name), names)}",)
            raise

    def read(self, name: str) -> dict[str, Any]:
        """Return a domain as the API sends it."""
        return self._connection.one("domains_get", path={"domain_name": _name(name)})

    def create(self, name: str, ip_address: str | None = None) -> Domain:
        """Create a domain, for which DigitalOcean's name servers then answer.

        Parameters
        ----------
        name : str
            No other account may have it.
        ip_address : str, optional
            Where the domain itself leads to: makes its first A record.
        """
        body = {"name": _name(name)} | ({"ip_address": ip_address} if ip_address else {})
        request = self._connection.request("domains_create", body=body)
        answer = self._engine.change(request, verb="create", target=Target("domain", _name(name), _name(name)))
        return Domain(self._connection.unwrapped("domains_create", answer), self)

    def delete(self, domain: Domain | str) -> None:
        """Take a domain out of the account, with all of its records. This cannot be undone."""
        request = self._connection.request("domains_delete", path={"domain_name": _name(domain)})
        self._engine.change(request, verb="delete", target=Target("domain", _name(domain), _name(domain)))

    def records(self, domain: Domain | str) -> Records:
        """Return the records of a domain: ``client.domains.records("example.com").list()``."""
        name = _name(domain)
        return Records(self._connection, self._engine, name)


def _name(domain: Domain | str) -> str:
    """Return a domain's name as the API wants it, without the dot that ends a full name."""
    return (domain.name if isinstance(domain, Domain) else domain).removesuffix(".")
