"""A list of one kind of thing, as objects or as a DataFrame. Nouns without verbs of their own need no more than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from poseidon_nb.catalogue import operation
from poseidon_nb.client.connection import checked_query
from poseidon_nb.client.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import pandas as pd

    from poseidon_nb.client.connection import Connection

R = TypeVar("R", bound=Resource)


class Collection(Generic[R]):
    """All things of a kind in the account.

    Parameters
    ----------
    connection : Connection
    resource : str
        Its table in `poseidon_nb.frames.schemas`.
    operation_id : str
        The list operation.
    make : callable
        Makes an object of a row.
    """

    def __init__(
        self, connection: Connection, resource: str, operation_id: str, make: Callable[[Mapping[str, Any]], R]
    ) -> None:
        self._connection = connection
        self._resource = resource
        self._list_operation = operation_id
        self._make = make

    def list(self, **filters: Any) -> list[R]:
        """Give all of them as objects, from all pages.

        Parameters
        ----------
        **filters : object
            Query parameters of the list operation.

        Returns
        -------
        list

        Raises
        ------
        InvalidArgument
            The operation has no such query parameter.
        """
        return [self._make(row) for row in self._connection.rows(self._list_operation, query=self._checked(filters))]

    def frame(self, **filters: Any) -> pd.DataFrame:
        """Give all of them as a DataFrame, the fast way: from bytes to columns.

        Parameters
        ----------
        **filters : object
            Query parameters of the list operation.

        Returns
        -------
        pandas.DataFrame
            A row each; the columns are those of the resource's table in `poseidon_nb.frames.schemas`.
        """
        query = self._checked(filters)
        return self._framed(page.body for page in self._connection.pages(self._list_operation, query=query))

    def _checked(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        return checked_query(operation(self._list_operation), filters)

    def _framed(self, bodies: Any) -> pd.DataFrame:
        from poseidon_nb.frames.builders import frame_from_pages  # noqa: PLC0415  # pandas comes at first use

        return frame_from_pages(self._resource, bodies, key=operation(self._list_operation).response_key)
