"""`%do databases connection`: how to connect to a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.results import table_of_rows
from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.results import TableResult

#: The fields of a connection, in the order in which people need them.
_FIELDS = ("protocol", "host", "port", "user", "password", "database", "ssl", "uri")


def show_connection(context: CommandContext) -> TableResult:
    """Return the address and the login of a cluster; the password and the URI are masked unless revealed.

    Raises
    ------
    InvalidArgument
        The cluster has no such endpoint, for example because it is still being created.
    """
    cluster = context.client.databases.get(context.argument("database")).to_dict()
    private = context.option("private")
    connection = cluster.get("private_connection" if private else "connection") or {}
    if not connection.get("host"):
        kind = "private" if private else "public"
        raise InvalidArgument(f"{cluster['name']} has no {kind} endpoint; its status is {cluster.get('status')}.")
    known = {name: connection[name] for name in _FIELDS if connection.get(name) not in {None, ""}}
    more = {name: value for name, value in connection.items() if name not in _FIELDS}
    return table_of_rows("database_connections", [{"name": cluster["name"], **known, **more}], single=True)
