"""A droplet that is destroyed at the end of a ``with`` block, and has a lease for the case that it could not be."""

from __future__ import annotations

import atexit
import logging
import secrets
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.droplet_steps import delete_step
from poseidon_nb.errors import BulkFailed, InvalidArgument, NotFound, PoseidonError
from poseidon_nb.language.time_arguments import parse_duration
from poseidon_nb.plans.leases import check_ttl, delete_tag_step, format_lease, lease_end, lease_of
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet

_log = logging.getLogger("poseidon_nb")
_NAME_BYTES = 3


class TemporaryDroplets:
    """Context manager of one or several temporary droplets.

    Parameters
    ----------
    client : Client
    ttl : str
        Length of the lease: ``"1h"``.
    **fields : object
        As for ``client.droplets.create``. Without a name, one is made up.
    """

    def __init__(self, client: Client, *, ttl: str = "1h", **fields: Any) -> None:
        self._client = client
        self._ttl_s = check_ttl(parse_duration(ttl).total_seconds())
        if not fields.get("name") and not fields.get("names"):
            fields["name"] = f"temporary-{secrets.token_hex(_NAME_BYTES)}"
        if isinstance(fields.get("tags"), str):
            raise InvalidArgument("tags must be a list.")
        self._fields = fields
        self._tag = ""
        self._ids: list[int] = []

    def __enter__(self) -> Droplet | list[Droplet]:
        """Create what was asked for; return one droplet for ``name``, and a list for ``names``."""
        client, fields = self._client, self._fields
        tags = [tag.name for tag in client.tags.list()]
        self._tag = format_lease(lease_end(client.now(), self._ttl_s, tags))
        # Registered last, so that it runs first at exit, while connections are still open.
        atexit.register(self._at_exit)
        try:
            made: Droplet | list[Droplet] = client.droplets.create(
                **{**fields, "tags": [*(fields.get("tags") or ()), self._tag]}
            )
        except BaseException as error:
            # The request may have been carried out. No other droplet has the tag.
            self._end(error)
            raise
        self._ids = [one.id for one in (made if isinstance(made, list) else [made])]
        return made

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Destroy the droplets.

        Raises
        ------
        PoseidonError
            They could not be destroyed; their lease remains. An error of the block is raised instead, with a note.
        """
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        try:
            self._destroy()
        except PoseidonError as failure:
            note = f"Its lease {self._tag} remains: %do reap destroys what is over."
            if error is None:
                failure.args = (f"{failure.args[0]} {note}", *failure.args[1:])
                raise
            error.add_note(f"A temporary droplet could not be destroyed: {failure} {note}")
        finally:
            atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        try:
            self._destroy()
        except Exception:  # noqa: BLE001  # Python ends, and other exit handlers must run
            _log.exception("A temporary droplet could not be destroyed. Its lease %s remains.", self._tag)

    def _destroy(self) -> None:
        rows = self._rows()
        tags = dict.fromkeys([self._tag, *(tag for row in rows if (lease := lease_of(row)) for tag in lease.tags)])
        chains = [(delete_step(row),) for row in rows]
        outcomes = self._client.engine.run(chains, title="temporary droplets") if chains else []
        failed = [one for one in outcomes if one.error is not None]
        if failed:
            names = join_words(one.target.name for one in failed)
            raise BulkFailed(f"Temporary droplet {names} could not be destroyed: {failed[0].error}")
        # The tags go last, and only if nothing has them.
        self._client.engine.run([(delete_tag_step(tag),) for tag in tags], title="temporary droplets")

    def _rows(self) -> Sequence[dict[str, Any]]:
        """Return what is still there of the droplets."""
        if not self._ids:
            wanted = {self._fields.get("name"), *(self._fields.get("names") or ())}
            listed = self._client.droplets.list(tag_name=self._tag)
            return [one.to_dict() for one in listed if one.name in wanted]
        rows = []
        for id_ in self._ids:
            try:
                rows.append(self._client.droplets.get(id_).to_dict())
            except NotFound:
                continue
        return rows
