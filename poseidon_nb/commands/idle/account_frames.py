"""Read the frames that the search for idle resources needs; what cannot be read is left out and named."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.reading import fetch_available, read_all, unread_reason
from poseidon_nb.commands.results import table_of_rows
from poseidon_nb.errors import Forbidden, NotFound, ServerError
from poseidon_nb.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.commands.context import CommandContext

    Read = Callable[[Client], Any]


def _rows(noun: str, needed: str, scope: str) -> Read:
    """Return a read of a noun that fails like a missing scope if its rows lack a field, which the API then hides."""

    def read(client: Client) -> pd.DataFrame:
        rows = [one.to_dict() for one in getattr(client, noun).list()]
        if any(needed not in row for row in rows):
            error = Forbidden(f"its field {needed} is hidden", status=403)
            error.scope = scope
            raise error
        return table_of_rows(noun, rows).frame()

    return read


#: The lists that are read, by the arguments of `analysis.idle.find`, and what they are called.
LISTS: Mapping[str, tuple[Read, str]] = {
    "droplets": (lambda client: client.droplets.list(), "droplets"),
    "sizes": (lambda client: client.sizes.frame(), "sizes"),
    "volumes": (read_all("volumes_list"), "volumes"),
    "snapshots": (_rows("snapshots", "tags", "tag:read"), "snapshots"),
    "images": (lambda client: client.images.frame(private=True), "images"),
    "reserved_ips": (read_all("reservedIPs_list"), "reserved IPs"),
    "reserved_ipv6": (read_all("reservedIPv6_list"), "reserved IPv6 addresses"),
    "load_balancers": (read_all("loadBalancers_list"), "load balancers"),
    "uptime_checks": (read_all("uptime_list_checks"), "uptime checks"),
    "kubernetes": (read_all("kubernetes_list_clusters"), "Kubernetes clusters"),
    "databases": (read_all("databases_list_clusters"), "database clusters"),
    "apps": (read_all("apps_list"), "apps"),
    "registries": (read_all("registries_list"), "container registries"),
    "nat_gateways": (read_all("vpcnatgateways_list"), "NAT gateways"),
    "nfs": (read_all("nfs_list"), "NFS shares"),
}


@dataclass
class AccountFrames:
    """The frames of an account, for `analysis.idle.find`.

    Attributes
    ----------
    frames : dict
        By the name of the argument.
    droplets : list of Droplet
    unread : dict
        Why a list could not be read, by what it is called.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    droplets: list[Droplet] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    def read(self, context: CommandContext, names: Collection[str]) -> None:
        """Read some of `LISTS`."""
        client = context.client
        read, unread = fetch_available(context, {name: partial(LISTS[name][0], client) for name in names})
        self.unread |= {LISTS[name][1]: why for name, why in unread.items()}
        self.droplets = read.pop("droplets", [])
        self.frames |= read
        if "droplets" in names and "droplets" not in unread:
            pairs = [(one.name, one.id) for one in self.droplets]
            context.session.remember_names("droplets", pairs, complete=True)
            rows = [one.to_dict() for one in self.droplets]
            self.frames["droplets"] = table_of_rows("droplets", rows).frame()

    def read_actions(self, context: CommandContext) -> None:
        """Read the actions of the droplets that are off."""
        off = {str(one.id): one.id for one in self.droplets if one.status == "off"}
        actions = self._read_each(
            context,
            "since when droplets are off",
            off,
            partial(context.client.call, "dropletActions_list", frame=True),
            "droplet_id",
        )
        if actions:
            import pandas as pd  # noqa: PLC0415  # slow to import

            self.frames["actions"] = pd.concat([*actions.values()], ignore_index=True)

    def read_states(self, context: CommandContext, ids: Collection[str] | None = None) -> None:
        """Read the states of uptime checks: of some, or of all."""
        if "uptime_checks" not in self.frames:
            return
        import pandas as pd  # noqa: PLC0415  # slow to import

        wanted = {id_: id_ for id_ in self.frames["uptime_checks"]["id"] if ids is None or id_ in ids}
        states = self._read_each(
            context,
            "the states of uptime checks",
            wanted,
            partial(context.client.call, "uptime_get_checkState"),
            "check_id",
        )
        rows = [row for id_, answer in states.items() for row in _state_rows(id_, answer)]
        self.frames["uptime_states"] = pd.DataFrame(rows, columns=["check_id", "status", "status_changed_at"])

    def read_repositories(self, context: CommandContext) -> None:
        """Read how many repositories each container registry has."""
        registries = self.frames.get("registries")
        if registries is None or registries.empty:
            return
        found = self._read_each(
            context,
            "the repositories of container registries",
            {name: name for name in registries["name"]},
            partial(context.client.call, "registries_list_repositoriesV2"),
            "registry_name",
        )
        counts = {name: len(listed) for name, listed in found.items()}
        self.frames["registries"] = registries.assign(repositories=registries["name"].map(counts).astype("Int64"))

    def _read_each(
        self, context: CommandContext, what: str, ids: Mapping[str, Any], read: Callable[..., Any], parameter: str
    ) -> dict[str, Any]:
        found, unread = fetch_available(context, {key: partial(read, **{parameter: id_}) for key, id_ in ids.items()})
        if unread:
            self.unread[what] = next(iter(unread.values()))
        return found

    def read_use(self, context: CommandContext, droplets: Sequence[Droplet], start: datetime, end: datetime) -> None:
        """Read what some droplets used."""
        from poseidon_nb.analysis import metrics  # noqa: PLC0415  # loads pandas

        try:
            readings = context.client.metrics.read("use", droplets, start=start, end=end)
        except (Forbidden, NotFound, ServerError) as error:
            self.unread["metrics"] = unread_reason(error)
            return
        if readings.failed:
            first = next(iter(readings.failed.values()))
            self.unread[f"the metrics of {pluralize(len(readings.failed), 'droplet')}"] = unread_reason(first)
        self.frames["use"] = metrics.use(readings.frame, self.frames["droplets"], failed=readings.failed)


def _state_rows(check_id: str, answer: Any) -> list[dict[str, Any]]:
    """Return the state of a check in each region as rows."""
    state = answer.get("state", answer) if isinstance(answer, dict) else {}
    regions = state.get("regions") if isinstance(state, dict) else None
    return [
        {"check_id": check_id, "status": one.get("status"), "status_changed_at": one.get("status_changed_at")}
        for one in (regions.values() if isinstance(regions, dict) else ())
        if isinstance(one, dict)
    ]
