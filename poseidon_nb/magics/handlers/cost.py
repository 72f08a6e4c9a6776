"""`%do cost`: the account's lists are read side by side, and reckoned with by `analysis.cost`.

A service that refuses or is not there, for want of a scope or in the sandbox, stops nothing: it becomes a line that says
why it could not be read, and counts as no thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.each import on_each
from poseidon_nb.errors import Forbidden, NotFound, ServerError
from poseidon_nb.magics.answer import Live, answer_of_frame
from poseidon_nb.magics.in_words import cost_in_words, history_in_words, reconciled_in_words
from poseidon_nb.text import escape_unprintable, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job

    Read = Callable[[Client], Any]

_INVOICES = "/v2/customers/my/invoices?page=1&per_page=200"


def _call(operation_id: str) -> Read:
    return lambda client: client.call(operation_id, frame=True)


#: What `analysis.cost.lines` takes: how each is read, and the kind of thing that is missing where it cannot be.
_FRAMES: Mapping[str, tuple[Read, str]] = {
    "droplets": (lambda client: client.droplets.frame(), "droplet"),
    "snapshots": (lambda client: client.snapshots.frame(), "snapshot"),
    "images": (lambda client: client.images.frame(private=True), "custom_image"),
    "volumes": (_call("volumes_list"), "volume"),
    "load_balancers": (_call("loadBalancers_list"), "load_balancer"),
    "reserved_ips": (_call("reservedIPs_list"), "reserved_ip"),
    "reserved_ipv6": (_call("reservedIPv6_list"), "reserved_ipv6"),
    "databases": (_call("databases_list_clusters"), "database"),
    "kubernetes": (_call("kubernetes_list_clusters"), "kubernetes"),
    # These cost nothing by themselves.
    "sizes": (lambda client: client.sizes.frame(), ""),
    "projects": (_call("projects_list"), ""),
}
#: Of which no list tells what one costs, by kind.
_OTHERS: Mapping[str, Read] = {
    "app": _call("apps_list"),
    "nfs": _call("nfs_list"),
    "nat_gateway": _call("vpcnatgateways_list"),
}
_REGISTRY = "registry"


@dataclass
class _Found:
    """What was read, and what could not be."""

    answers: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def read(self, job: Job, reads: Mapping[str, Read], *, must: Container[str] = ()) -> None:
        """Read side by side.

        Raises
        ------
        PoseidonError
            Something else went wrong than that a service refuses or is not there; or one did that must not.
        """
        client = job.client
        for one in on_each([*reads], lambda name: reads[name](client), on_idle=job.view.look):
            if one.error is None:
                self.answers[one.thing] = one.answer
            elif isinstance(one.error, Forbidden | NotFound | ServerError) and one.thing not in must:
                self.refused[one.thing] = _reason(one.error)
            else:
                raise one.error


def _reason(error: Forbidden | NotFound | ServerError) -> str:
    scope = f"; it needs {error.scope}" if isinstance(error, Forbidden) and error.scope else ""
    return escape_unprintable(f"{error.status} {error.api_message or error}{scope}")


def _lines(job: Job, more: Mapping[str, Read] | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the lines of the account, and what else was asked to be read on the way."""
    more = more or {}
    found = _Found()
    lists = {name: read for name, (read, _) in _FRAMES.items()}
    found.read(job, {**lists, **_OTHERS, _REGISTRY: _subscription, **more}, must=more)
    later: dict[str, Read] = {}
    droplets = found.answers.get("droplets")
    if droplets is not None:
        job.kernel.learn_names("droplets", zip(droplets["name"], droplets["id"].astype(object), strict=True))
        if any("backups" in (features or ()) for features in droplets["features"]):
            later["backup_policies"] = _call("droplets_list_backup_policies")
    projects = found.answers.get("projects")
    places = {} if projects is None else dict(zip(projects["id"], projects["name"], strict=True))
    later |= {key: _resources_of(key, name) for key, name in places.items()}
    found.read(job, later)
    _tell_refused(job, found, places)
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # pandas comes at first use

    kinds = {name: kind for name, (_, kind) in _FRAMES.items()} | {name: name for name in (*_OTHERS, _REGISTRY)}
    lines = cost.lines(
        **{name: found.answers[name] for name in (*_FRAMES, "backup_policies") if name in found.answers},
        resources=_together([found.answers[key] for key in places if key in found.answers]),
        others={name: found.answers[name] for name in _OTHERS if name in found.answers},
        more=found.answers.get(_REGISTRY),
        unread={kinds[name]: why for name, why in found.refused.items() if kinds.get(name)},
    )
    return lines, found.answers


def _tell_refused(job: Job, found: _Found, places: Mapping[str, str]) -> None:
    """Return what is missing that costs nothing by itself, and which sums suffer."""
    for name, effect in (
        ("sizes", "what transfer is included is not known"),
        ("projects", "what belongs to which project is not known"),
        ("backup_policies", "backups have no price"),
    ):
        if name in found.refused:
            job.front.say(f"{name} could not be read, {effect}: {found.refused[name]}")
    unknown = [name for key, name in places.items() if key in found.refused]
    if unknown:
        job.front.say(f"what is in the projects {join_words(unknown)} could not be read")


def _subscription(client: Client) -> pd.DataFrame:
    """Return the registry's plan as a line of its own, for the API tells its price; none where there is no registry."""
    import pandas as pd  # noqa: PLC0415  # pandas comes at first use

    try:
        answer = client.call("registries_get_subscription")
    except NotFound:
        return pd.DataFrame(columns=["kind", "name", "price_usd_month"])
    tier = (answer.get("subscription") or answer).get("tier") or {}
    cents = tier.get("monthly_price_in_cents")
    return pd.DataFrame(
        {
            "kind": _REGISTRY,
            "name": [tier.get("name")],
            "price_usd_month": [None if cents is None else cents / 100],
            "price_source": [None if cents is None else "registries_get_subscription"],
            "note": ["the API does not tell its price" if cents is None else "without what is stored beyond the plan"],
        }
    )


def _resources_of(project_id: str, name: str) -> Read:
    return lambda client: client.call("projects_list_resources", project_id=project_id, frame=True).assign(project=name)


def _together(frames: Iterable[pd.DataFrame]) -> pd.DataFrame | None:
    import pandas as pd  # noqa: PLC0415  # pandas comes at first use

    listed = [frame[["urn", "project"]] for frame in frames]
    return pd.concat(listed, ignore_index=True) if listed else None


def show_sums(job: Job) -> Answer | Live:
    """Add up what everything costs."""
    key = job.option("by") or "kind"
    lines, _ = _lines(job)
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # pandas comes at first use

    sums = cost.by(lines, key)
    job.front.say(cost_in_words(lines, cost.total(lines), key))
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.cost_by(sums, by=key))
    return answer_of_frame(sums)


def show_lines(job: Job) -> Answer:
    """Show a line for each thing that costs."""
    lines, _ = _lines(job)
    return answer_of_frame(lines)


def reconcile(job: Job) -> Answer:
    """Hold the lines against the balance and the preview of this month's invoice."""
    lines, found = _lines(job, {"balance": _call("balance_get"), "preview": _preview_items})
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # pandas comes at first use

    bill = cost.reconciled(lines, found["balance"], found["preview"], now=job.client.now())
    job.front.say(reconciled_in_words(bill))
    return answer_of_frame(bill)


def _preview_items(client: Client) -> pd.DataFrame:
    preview = client.api("GET", _INVOICES).get("invoice_preview") or {}
    if not preview.get("invoice_uuid"):
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        return frame_from_rows("invoice_items", [])
    items: pd.DataFrame = client.call("invoices_get_byUUID", invoice_uuid=preview["invoice_uuid"], frame=True)
    return items


def show_history(job: Job) -> Answer | Live:
    """Show what each month cost, this one until now among them."""
    answer = job.client.api("GET", _INVOICES)
    rows = answer.get("invoices") or []
    if (answer.get("meta") or {}).get("total", 0) > len(rows):
        rows = job.client.call("invoices_list")
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # pandas comes at first use
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # as above

    preview = answer.get("invoice_preview")
    months = cost.history(
        frame_from_rows("invoices", rows), preview=frame_from_rows("invoices", [preview] if preview else [])
    )
    job.front.say(history_in_words(months))
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.cost_history(months))
    return answer_of_frame(months)


HANDLERS: dict[tuple[str, str], Callable[[Job], Answer | Live]] = {
    ("cost", "sums"): show_sums,
    ("cost", "lines"): show_lines,
    ("cost", "reconcile"): reconcile,
    ("cost", "history"): show_history,
}
