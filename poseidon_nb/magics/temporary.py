"""`po.temporary`: a droplet for the length of a ``with`` block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.do import current_client
from poseidon_nb.plans.temporary import TemporaryDroplets

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client


def temporary(*, client: Client | None = None, ttl: str = "1h", **fields: object) -> TemporaryDroplets:
    """Create a droplet for the length of a ``with`` block, and destroy it at the end, also after an error.

    It is destroyed at the end of Python too. If it cannot be destroyed, because the process was killed or the network is
    down, its lease remains: any machine sees it with ``%do leases``, and ``%do reap`` destroys it once it is over.

    Parameters
    ----------
    client : Client, optional
        By default the client that ``%do`` uses.
    ttl : str
        Length of the lease: ``"30m"``, ``"6h"``, ``"2d"``.
    **fields : object
        As for ``client.droplets.create``: ``size``, ``image``, ``region``, ... Without a name, one is made up.

    Returns
    -------
    TemporaryDroplets
        Context manager of the droplet, or of a list of droplets with ``names=``.

    Raises
    ------
    InvalidArgument
        The length of the lease is not one. Nothing was sent.

    Examples
    --------
    >>> with po.temporary(size="s-1vcpu-1gb", image="ubuntu-24-04-x64") as droplet:  # doctest: +SKIP
    ...     print(droplet.ip_address)
    """
    return TemporaryDroplets(client or current_client(), ttl=ttl, **fields)
