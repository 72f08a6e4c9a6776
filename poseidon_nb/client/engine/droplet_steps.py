"""The steps of a droplet's verbs, built from its row: what the client sends and a plan shows. Sends nothing itself.

API: ``dropletActions_post``, ``droplets_create``, ``droplets_destroy``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import FieldChange, Step, Target, When
from poseidon_nb.errors import ShapeError
from poseidon_nb.text import escape_unprintable
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain

    Row = Mapping[str, Any]

#: Maximum number of droplets in one create request (droplets_create, ``names``).
MAX_NAMES = 10
#: Seconds that a system has to shut down before its power is cut (dropletActions_post: "after a reasonable timeout").
SHUTDOWN_TIMEOUT_S = 120.0
#: The status of a droplet after the actions that only change its power.
RESULTING_STATUS: Mapping[str, str] = {"power_on": "active", "power_off": "off", "shutdown": "off"}
#: Actions that stop or restart a running droplet.
INTERRUPTING = frozenset({"power_off", "shutdown", "reboot", "power_cycle", "rebuild", "restore"})
#: The status that a droplet must have for an action, if any.
REQUIRED_STATUS: Mapping[str, str] = {
    "power_on": "off",
    **dict.fromkeys(("power_off", "shutdown", "reboot", "power_cycle"), "active"),
}
#: Actions that cannot be undone.
IRREVERSIBLE = frozenset({"rebuild", "restore", "enable_ipv6", "password_reset"})


def droplet_target(droplet: Row) -> Target:
    """Return a droplet as the target of a step.

    Raises
    ------
    ShapeError
        The API sent no id.
    """
    if droplet.get("id") is None:
        raise ShapeError(f"The API sent no readable id of the droplet {escape_unprintable(str(droplet.get('name')))}.")
    return Target("droplet", droplet.get("id"), str(droplet.get("name") or droplet.get("id")))


def address_of(droplet: Row, kind: str) -> str | None:
    """Return the first ``"public"`` or ``"private"`` IPv4 address of a droplet, or None."""
    # By type, because the order differs between responses.
    listed = (droplet.get("networks") or {}).get("v4") or ()
    return next((str(one["ip_address"]) for one in listed if one.get("type") == kind and one.get("ip_address")), None)


def action_step(droplet: Row, action_type: str, parameters: Row | None = None, *, verb: str = "") -> Step:
    """Return the step that starts one action on a droplet.

    Parameters
    ----------
    droplet : mapping
        As the API sends it; without a status it counts as running.
    action_type : str
        Type in the API, such as ``"power_off"``.
    parameters : mapping, optional
        Fields of the body besides the type.
    verb : str
        Name in tables, if not the type.
    """
    parameters = parameters or {}
    return Step(
        verb=verb or action_type,
        targets=(droplet_target(droplet),),
        request=build_request(
            operation("dropletActions_post"),
            path={"droplet_id": droplet["id"]},
            body={"type": action_type, **parameters},
        ),
        awaits="action",
        change=_field_change(droplet, action_type, parameters),
        reversible=action_type not in IRREVERSIBLE and not parameters.get("disk"),
        interrupts=action_type in INTERRUPTING and droplet.get("status", "active") == "active",
        status=REQUIRED_STATUS.get(action_type, ""),
        unchanged=_why_unchanged(droplet, action_type),
    )


def _field_change(droplet: Row, action_type: str, parameters: Row) -> FieldChange:
    match action_type:
        case "resize":
            return FieldChange("size", droplet.get("size_slug"), parameters["size"])
        case "rename":
            return FieldChange("name", droplet.get("name"), parameters["name"])
        case "rebuild" | "restore":
            image = droplet.get("image") or {}
            return FieldChange("image", image.get("slug") or image.get("id"), parameters["image"])
        case "enable_backups" | "disable_backups":
            features = droplet.get("features")
            return FieldChange(
                "backups", None if features is None else "backups" in features, action_type == "enable_backups"
            )
        case "snapshot":
            return FieldChange("snapshot", None, parameters.get("name"))
    after = RESULTING_STATUS.get(action_type)
    return FieldChange("status", droplet.get("status"), after) if after else FieldChange()


def _why_unchanged(droplet: Row, action_type: str) -> str:
    """Return why a power action would change nothing; ``""`` if it would, or if that is unknown."""
    status = droplet.get("status")
    if action_type == "power_on" and status == "active":
        return "already active"
    return "already off" if action_type in {"power_off", "shutdown"} and status == "off" else ""


def resize_step(droplet: Row, size: str, *, disk: bool) -> Step:
    """Return the step that resizes a droplet."""
    return action_step(droplet, "resize", {"size": size, "disk": disk})


def snapshot_step(droplet: Row, name: str | None) -> Step:
    """Return the step that takes a snapshot of a droplet."""
    return action_step(droplet, "snapshot", {"name": name} if name else {}, verb="take_snapshot")


def backup_policy(*, plan: str | None, weekday: str | None, hour: int | None) -> dict[str, Any]:
    """Return the parameters of an action that sets the backup schedule; the API chooses what is None."""
    wanted = {"plan": plan, "weekday": weekday, "hour": hour}
    policy = {name: value for name, value in wanted.items() if value is not None}
    return {"backup_policy": policy} if policy else {}


def with_restart(droplet: Row, step: Step) -> Chain:
    """Return a chain that shuts a droplet down, powers it off if needed, runs the step, and powers it on.

    For a droplet that is off, the chain is the step alone.
    """
    if droplet.get("status", "active") != "active":
        return (step,)
    running = {**droplet, "status": "active"}
    stopped = {**droplet, "status": "off"}
    shutdown = replace(
        action_step(running, "shutdown"), status="active", best_effort=True, limit_s=SHUTDOWN_TIMEOUT_S, interrupts=True
    )
    power_off = replace(action_step(running, "power_off"), status="active", when=When.IF_NEEDED)
    power_on = replace(action_step(stopped, "power_on"), when=When.ALWAYS)
    return (shutdown, power_off, step, power_on)


def create_steps(names: Sequence[str], fields: Row, *, single: bool, usd_month_each: float | None = None) -> list[Step]:
    """Return the steps that create droplets, with as many names in each as one request allows.

    Parameters
    ----------
    names : sequence of str
    fields : mapping
        The body without the names.
    single : bool
        Send ``name`` instead of ``names``.
    usd_month_each : float, optional
        Price of each droplet in USD per month.
    """
    batches = [names[start : start + MAX_NAMES] for start in range(0, len(names), MAX_NAMES)]
    return [
        Step(
            verb="create",
            targets=tuple(Target("droplet", None, name) for name in batch),
            request=build_request(
                operation("droplets_create"),
                body={"name": batch[0], **fields} if single else {"names": [*batch], **fields},
            ),
            awaits="droplets",
            change=FieldChange("size", None, fields.get("size")),
            usd_month=None if usd_month_each is None else usd_month_each * len(batch),
        )
        for batch in batches
    ]


def delete_step(droplet: Row) -> Step:
    """Return the step that deletes a droplet."""
    price = (droplet.get("size") or {}).get("price_monthly")
    return Step(
        verb="delete",
        targets=(droplet_target(droplet),),
        request=build_request(operation("droplets_destroy"), path={"droplet_id": droplet["id"]}),
        awaits="gone",
        usd_month=None if price is None else -float(price),
        reversible=False,
        interrupts=droplet.get("status", "active") == "active",
    )
