"""What an account keeps about a droplet outside of it: firewalls, load balancers, reserved IPs, its project and records.

These are lost when the droplet is destroyed, so freezing reads them first, and thawing reads what is still there.
"""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import Forbidden, InvalidArgument, PoseidonError, ServerError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from poseidon_nb.plans.account import AccountReader

    Row = Mapping[str, Any]


class DropletLinks:
    """Reader of what refers to droplets; each list is read once, and only if it is needed.

    Parameters
    ----------
    account : AccountReader
        Gets a note for each list that could not be read.
    keep_going : bool
        Leave out what the token may not read; otherwise that is an error.
    """

    def __init__(self, account: AccountReader, *, keep_going: bool) -> None:
        self._account = account
        self._keep_going = keep_going

    @cached_property
    def firewalls(self) -> Sequence[Row]:
        """All firewalls."""
        return self._list("firewalls_list", "firewalls")

    @cached_property
    def balancers(self) -> Sequence[Row]:
        """All load balancers."""
        return self._list("loadBalancers_list", "load balancers")

    @cached_property
    def volumes(self) -> Mapping[str, Row]:
        """All volumes by id."""
        return {str(row["id"]): row for row in self._list("volumes_list", "volumes")}

    @cached_property
    def reserved_ips(self) -> Mapping[str, int | None]:
        """The droplet of each reserved IP, of both versions; None if it is not assigned."""
        rows = [
            *self._list("reservedIPs_list", "reserved IPs"),
            *self._list("reservedIPv6_list", "reserved IPv6 addresses"),
        ]
        return {str(row["ip"]): (row.get("droplet") or {}).get("id") for row in rows}

    @cached_property
    def vpcs(self) -> Collection[str]:
        """The ids of all VPCs."""
        return {str(row["id"]) for row in self._list("vpcs_list", "VPCs")}

    @cached_property
    def key_ids(self) -> Collection[str]:
        """The ids and fingerprints of all SSH keys."""
        rows = self._list("sshKeys_list", "SSH keys")
        return {str(row[field]) for row in rows for field in ("id", "fingerprint") if row.get(field)}

    @cached_property
    def projects(self) -> Mapping[str, Row]:
        """All projects by id."""
        return {str(row["id"]): row for row in self._list("projects_list", "projects")}

    @cached_property
    def _project_of(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for project, row in self.projects.items():
            if not row.get("is_default"):
                rows = self._list("projects_list_resources", "resources of projects", project_id=project)
                found |= {str(row.get("urn")): project for row in rows}
        return found

    def project_of(self, droplet_id: int) -> str:
        """Return the id of a droplet's project; empty for the default project."""
        return self._project_of.get(f"do:droplet:{droplet_id}", "")

    @cached_property
    def records(self) -> list[tuple[str, Row]]:
        """The address records of all domains, each with its domain. Without the scope to read them there are none."""
        found = []
        for name in [str(row["name"]) for row in self._list("domains_list", "domains", required=False)]:
            rows = self._list("domains_list_records", "domain records", required=False, domain_name=name)
            found += [(name, row) for row in rows if row.get("type") in {"A", "AAAA"}]
        return found

    def records_with(self, addresses: Collection[str]) -> list[tuple[str, Row]]:
        """Return the records that point to one of some addresses, each with its domain."""
        wanted = {address for address in addresses if address}
        return [(name, row) for name, row in self.records if row.get("data") in wanted] if wanted else []

    def _list(self, operation_id: str, what: str, *, required: bool = True, **path: Any) -> Sequence[Row]:
        if self._account.offline:
            return []
        try:
            rows: list[Row] = self._account.client.call(operation_id, **path)
        except (Forbidden, ServerError) as error:
            if isinstance(error, ServerError) and error.status != HTTPStatus.NOT_IMPLEMENTED:
                raise
            if required and not self._keep_going:
                raise InvalidArgument(_unreadable(what, error)) from error
            note = f"The {what} could not be read, and are left out."
            if note not in self._account.notes:
                self._account.notes.append(note)
            return []
        return rows


def _unreadable(what: str, error: PoseidonError) -> str:
    return f"Cannot read the {what}, which would be lost. Add --keep-going to leave them out. {error.args[0]}"
