"""The frames of an account, the public functions to call with them, and conversions that a user's frames go through."""

from __future__ import annotations

import inspect
import io
import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import poseidon_nb as po
from poseidon_nb import plots
from poseidon_nb.analysis import cost, idle, metrics, retention, rightsizing, sizes, timeline
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

Frames = dict[str, pd.DataFrame]
NOW = datetime.now(UTC)

_OPERATIONS = {
    "volumes": "volumes_list",
    "load_balancers": "loadBalancers_list",
    "reserved_ips": "reservedIPs_list",
    "reserved_ipv6": "reservedIPv6_list",
    "projects": "projects_list",
    "backup_policies": "droplets_list_backup_policies",
    "balance": "balance_get",
    "invoices": "invoices_list",
}
#: What the sandbox does not have.
_ROWS: dict[str, list[dict[str, Any]]] = {
    "databases": [{"id": "9cc1-db", "name": "db", "size": "db-s-1vcpu-1gb", "num_nodes": 2, "region": "nyc3"}],
    "kubernetes": [{"id": "bd5f-k8s", "name": "k", "ha": True, "region": "nyc3"}, {"id": "c-k8s", "name": "l"}],
}


def account() -> Frames:
    """Return the frames of an account as the client returns them, and the results of `analysis`."""
    with Sandbox(seed=7) as sandbox, po.connect(token=sandbox.token, base_url=sandbox.url) as client:
        found = {name: client.call(operation, frame=True) for name, operation in _OPERATIONS.items()}
        found |= {name: getattr(client, name).frame() for name in ("droplets", "sizes", "regions", "snapshots")}
        found |= {"actions": client.actions.frame(), "images": client.images.frame(private=True)}
        measured = [int(one) for one in found["droplets"]["id"][:2]]
        found["series"] = client.metrics.frame("use", measured, start=NOW - timedelta(hours=1), end=NOW)
        load = client.metrics.frame("load", measured, start=NOW - timedelta(hours=1), end=NOW)
        preview = client.api("GET", "/v2/customers/my/invoices")["invoice_preview"]
        found["preview"] = frame_from_rows("invoices", [preview])
        found["items"] = client.call("invoices_get_byUUID", invoice_uuid=preview["invoice_uuid"], frame=True)
    found["series"] = pd.concat([found["series"], load], ignore_index=True)
    found["reserved_ipv6"] = frame_from_rows("reserved_ipv6", [{"ip": "2604::1", "region_slug": "nyc3"}])
    found |= {name: frame_from_rows(name, rows) for name, rows in _ROWS.items()}
    found["resources"] = pd.DataFrame({"urn": [f"do:droplet:{measured[0]}", "do:space:b"], "project": ["shop", "shop"]})
    found["more"] = pd.DataFrame({"resource_type": ["registry"], "name": ["mine"], "price_usd_month": [5.0]})
    found["apps"] = pd.DataFrame({"id": ["a-1"], "name": ["site"], "created_at": [pd.Timestamp(NOW)]})
    found["checks"] = frame_from_rows("uptime_checks", [{"id": "c-1", "name": "site", "target": "https://a.example"}])
    found["states"] = pd.DataFrame(
        {"check_id": ["c-1"], "status": ["DOWN"], "status_changed_at": [NOW - timedelta(days=9)]}
    )
    found["lines"] = _lines(found)
    found["sums"] = cost.by(found["lines"], "droplet")
    found["months"] = cost.history(found["invoices"], preview=found["preview"])
    month = {"items": found["items"], "by": "tag", "now": NOW}
    found["outbound"] = found["series"][found["series"]["metric"] == "bandwidth"].reset_index(drop=True)
    found["forecast"] = cost.forecast(found["lines"], balance=found["balance"], **month)
    found["allocation"] = cost.allocation(found["lines"], start=NOW - timedelta(days=40), **month)
    found["use"] = metrics.use(found["series"], found["droplets"])
    # Enough to be advised by.
    found["use"]["hours"] = 300.0
    found["rightsizing"] = rightsizing.advice(found["droplets"], found["sizes"], found["use"])
    found["spans"] = timeline.spans(found["actions"])
    found["durations"] = timeline.durations(found["actions"])
    found["metrics"] = metrics.cpu(found["series"])
    found["prices"] = sizes.unit_prices(found["sizes"])
    found["matrix"] = sizes.availability(found["sizes"], found["regions"])
    return found


_LINE_FRAMES = (
    *("droplets", "sizes", "backup_policies", "snapshots", "images", "volumes", "load_balancers", "reserved_ips"),
    *("reserved_ipv6", "databases", "kubernetes", "projects", "resources", "more"),
)


#: By this rule, all droplets with readings are unused.
_UNUSED = idle.Rule(unused_cpu_percent=100, unused_outbound_gb_month=1e6)
_IDLE_FRAMES = (
    *("droplets", "actions", "volumes", "snapshots", "images", "reserved_ips", "reserved_ipv6"),
    "load_balancers",
)


def _lines(of: Frames) -> pd.DataFrame:
    given = {name: of[name] for name in _LINE_FRAMES if name in of}
    return cost.lines(**given, others={"app": of["apps"]} if "apps" in of else None)


#: The calls by function, with a suffix for further calls of it: the names of the frames, and the call.
CALLS: dict[str, tuple[tuple[str, ...], Callable[[Frames], Any]]] = {
    "cost.lines": ((*_LINE_FRAMES, "apps"), _lines),
    **{
        f"cost.by {key}": (("lines",), lambda of, key=key: cost.by(of["lines"], key))
        for key in ("resource_type", "tag", "region", "droplet")
    },
    "cost.total": (("lines",), lambda of: cost.total(of["lines"])),
    "cost.reconcile": (
        ("lines", "balance", "items"),
        lambda of: cost.reconcile(of["lines"], of["balance"], of["items"], now=NOW),
    ),
    "cost.history": (("invoices", "preview"), lambda of: cost.history(of["invoices"], preview=of["preview"])),
    "cost.forecast": (
        ("lines", "items", "balance"),
        lambda of: cost.forecast(of["lines"], of["items"], of["balance"], by="tag", now=NOW),
    ),
    "cost.budget": (("forecast",), lambda of: cost.budget(of["forecast"], {"(all)": 500, "web": 50}, now=NOW)),
    "cost.changes": (
        ("lines", "items", "actions", "sizes"),
        lambda of: cost.changes(
            of["lines"], of["items"], of["actions"], sizes=of["sizes"], start=NOW - timedelta(days=40), now=NOW
        ),
    ),
    **{
        f"cost.allocation {key}": (
            ("lines", "items"),
            lambda of, key=key: cost.allocation(
                of["lines"], of["items"], by=key, start=NOW - timedelta(days=40), now=NOW
            ),
        )
        for key in ("tag", "droplet")
    },
    "cost.transfer": (
        ("droplets", "sizes", "outbound", "items"),
        lambda of: cost.transfer(of["droplets"], of["sizes"], of["outbound"], items=of["items"], now=NOW),
    ),
    **{
        f"metrics.tidy {metric}": (("series",), lambda of, metric=metric: metrics.tidy(metric, of["series"]))
        for metric in ("cpu", "load")
    },
    **{
        f"metrics.{metric}": (("series",), lambda of, metric=metric: metrics.METRICS[metric](of["series"]))
        for metric in metrics.METRICS
    },
    "metrics.cpu modes": (("series",), lambda of: metrics.cpu(of["series"], modes=True)),
    "metrics.use": (("series", "droplets"), lambda of: metrics.use(of["series"], of["droplets"])),
    "metrics.wide": (("metrics",), lambda of: metrics.wide(of["metrics"])),
    "rightsizing.advice": (
        ("droplets", "sizes", "use"),
        lambda of: rightsizing.advice(of["droplets"], of["sizes"], of["use"]),
    ),
    "retention.verdicts": (
        ("snapshots", "droplets", "volumes"),
        lambda of: retention.verdicts(
            of["snapshots"], retention.Policy(daily=2), droplets=of["droplets"], volumes=of["volumes"], now=NOW
        ),
    ),
    "idle.find": (
        (*_IDLE_FRAMES, "checks", "states"),
        lambda of: idle.find(
            **{name: of[name] for name in _IDLE_FRAMES},
            uptime_checks=of["checks"],
            uptime_states=of["states"],
            now=NOW,
            rule=idle.Rule(old_days=1),
        ),
    ),
    "idle.find unused": (
        ("droplets", "sizes", "use"),
        lambda of: idle.find(droplets=of["droplets"], sizes=of["sizes"], use=of["use"], now=NOW, rule=_UNUSED),
    ),
    "rightsizing.needs_metrics": (("droplets",), lambda of: rightsizing.needs_metrics(of["droplets"])),
    "sizes.unit_prices": (("sizes",), lambda of: sizes.unit_prices(of["sizes"])),
    "sizes.available": (
        ("sizes", "regions"),
        lambda of: sizes.available(of["sizes"], regions="europe", family="basic", regions_frame=of["regions"]),
    ),
    "sizes.cheapest": (
        ("prices", "regions"),
        lambda of: sizes.cheapest(of["prices"], memory_gib=16, regions_frame=of["regions"]),
    ),
    "sizes.frontier": (("sizes",), lambda of: sizes.frontier(of["sizes"], regions="ams3")),
    "sizes.availability": (
        ("sizes", "regions"),
        lambda of: sizes.availability(of["sizes"], of["regions"], only="europe"),
    ),
    "sizes.with_feature": (("regions",), lambda of: sizes.with_feature(of["regions"], "storage")),
    "timeline.spans": (("actions",), lambda of: timeline.spans(of["actions"])),
    "timeline.durations": (("actions",), lambda of: timeline.durations(of["actions"])),
    "plots.cost_by": (("sums",), lambda of: plots.cost_by(of["sums"], by="droplet")),
    "plots.cost_allocation": (("allocation",), lambda of: plots.cost_allocation(of["allocation"], by="tag")),
    "plots.cost_history": (("months",), lambda of: plots.cost_history(of["months"])),
    "plots.metric_lines": (("metrics",), lambda of: plots.metric_lines(of["metrics"])),
    "plots.savings": (("rightsizing",), lambda of: plots.savings(of["rightsizing"])),
    "plots.use_of_size": (("rightsizing",), lambda of: plots.use_of_size(of["rightsizing"])),
    "plots.use_of_size use": (("use",), lambda of: plots.use_of_size(of["use"])),
    "plots.timeline": (("spans",), lambda of: plots.timeline(of["spans"])),
    "plots.durations": (("durations",), lambda of: plots.durations(of["durations"])),
    "plots.price_map": (("prices",), lambda of: plots.price_map(of["prices"], frontier=of["prices"].iloc[:9])),
    "plots.availability_map": (
        ("matrix", "prices"),
        lambda of: plots.availability_map(of["matrix"], of["prices"]),
    ),
}


def public_functions() -> set[str]:
    """Return the names of all public functions of `po.analysis` and `po.plots`."""
    modules = {
        "cost": cost,
        "idle": idle,
        "metrics": metrics,
        "retention": retention,
        "rightsizing": rightsizing,
        "sizes": sizes,
        "timeline": timeline,
        "plots": plots,
    }
    return {
        f"{word}.{name}"
        for word, module in modules.items()
        for name in getattr(module, "__all__", dir(module))
        if not name.startswith("_")
        and inspect.isfunction(getattr(module, name))
        and getattr(module, name).__module__.startswith(f"poseidon_nb.{'plots' if word == 'plots' else 'analysis'}")
    }


def _times(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]


def _listed(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if frame[name].map(lambda one: isinstance(one, list)).any()]


#: Before pandas 3 the usual reader of numbers was off by the last digit.
_EXACT: Any = {} if int(pd.__version__.partition(".")[0]) >= 3 else {"float_precision": "round_trip"}


def through_csv(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)), **_EXACT)


def through_csv_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)), dtype=str)


def through_json(frame: pd.DataFrame) -> pd.DataFrame:
    # Not by pandas' own, which keeps fifteen digits of a number.
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return pd.DataFrame(json.loads(json.dumps(rows, default=str)))


def as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype(object).where(frame.notna(), None)


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: "category" for name in frame if frame[name].dtype == "string"})


def with_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """Convert as Excel does: all numbers to floats, and times without a zone."""
    plain = {
        name: frame[name].dt.tz_localize(None)
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype)
        else frame[name].astype("float64")
        for name in frame
        if frame[name].dtype == "Int64" or isinstance(frame[name].dtype, pd.DatetimeTZDtype)
    }
    return frame.assign(**plain)


def with_plain_dtypes(frame: pd.DataFrame) -> pd.DataFrame:
    """Convert to plain numpy dtypes, whose integers, booleans and texts cannot be missing."""
    columns = {}
    for name in frame:
        values = frame[name]
        if values.dtype == "Int64" and not values.isna().any():
            columns[name] = values.astype("int64")
        elif values.dtype == "boolean" and not values.isna().any():
            columns[name] = values.astype("bool")
        elif values.dtype == "Int64":
            columns[name] = values.astype("float64")
        elif values.dtype in ("string", "boolean"):
            columns[name] = values.astype(object).where(values.notna(), np.nan)
    return frame.assign(**columns)


def read_only(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns whose memory cannot be written to, as of a file that is mapped."""
    columns = {}
    for name in frame:
        if isinstance(frame[name].dtype, np.dtype):
            columns[name] = frame[name].to_numpy(copy=True)
            columns[name].flags.writeable = False
    return pd.DataFrame({name: columns.get(name, frame[name]) for name in frame}, copy=False)


def in_another_zone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].dt.tz_convert("Asia/Kolkata").dt.as_unit("ns") for name in _times(frame)})


def with_times_of_python(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        **{
            name: pd.Series(
                [None if pd.isna(one) else one.to_pydatetime() for one in frame[name]], frame.index, dtype=object
            )
            for name in _times(frame)
        }
    )


def with_arrays(frame: pd.DataFrame) -> pd.DataFrame:
    """Convert lists to arrays, as Parquet does."""
    return frame.assign(
        **{
            name: pd.Series(
                [np.array(one, dtype=object) if isinstance(one, list) else one for one in frame[name]],
                frame.index,
                dtype=object,
            )
            for name in _listed(frame)
        }
    )


def with_one_index(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis([0] * len(frame), axis="index")


def with_named_index(frame: pd.DataFrame) -> pd.DataFrame:
    name = "droplet_id" if "droplet_id" in frame else frame.columns[0]
    return frame.set_index(name, drop=False)


def with_deep_index(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index([*frame.columns[:2]], drop=False)


def filtered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the index of a filtered frame."""
    return pd.concat([frame.iloc[:1], frame]).iloc[1:]


def with_other_order(frame: pd.DataFrame) -> pd.DataFrame:
    names = [*frame.columns]
    random.Random(5).shuffle(names)
    return frame[names]


def with_other_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Add columns with names that a function may use internally."""
    names = ("without_price", "beaten", "droplet_rank", "total_seconds", "invalid", "droplet_label", "own", 7)
    return frame.assign(**{str(name): "?" for name in names}).rename(columns={"7": 7})


CONVERSIONS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    one.__name__: one
    for one in (
        through_csv,
        through_csv_as_text,
        through_json,
        as_objects,
        as_categories,
        with_floats,
        with_plain_dtypes,
        read_only,
        in_another_zone,
        with_times_of_python,
        with_arrays,
        with_one_index,
        with_named_index,
        with_deep_index,
        filtered,
        with_other_order,
        with_other_columns,
    )
}
