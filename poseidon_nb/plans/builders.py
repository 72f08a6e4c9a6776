"""Builders of chains of steps, for commands and panels alike.

The builders for droplets and tags are pure and take rows that the caller has read. Those for other operations read prices
through an `AccountReader`.

API: ``dropletActions_post``, ``droplets_create``, ``droplets_destroy``, ``tags_create``, ``tags_assign_resources``,
``tags_unassign_resources``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.catalogue.prices import SNAPSHOT_GB, VOLUME_GIB
from poseidon_nb.client.engine import droplet_steps
from poseidon_nb.client.engine.steps import FieldChange, Step, Target
from poseidon_nb.client.operations import target_of
from poseidon_nb.client.slugs import check_size
from poseidon_nb.client.statuses import has_status
from poseidon_nb.masking import mask_query
from poseidon_nb.plans.costs import action_usd_month, added_usd_month, size_usd_month, usd_month
from poseidon_nb.plans.summary import BARE_REQUEST
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.engine.steps import Awaits, Chain
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

_EMPTY: Row = MappingProxyType({})
#: The feature that a droplet lists once an action has enabled it.
_FEATURES = {"enable_backups": "backups", "enable_ipv6": "ipv6"}
#: Operations whose price depends on the volume.
_VOLUME_OPERATIONS = frozenset({"volumeActions_post_byId", "volumeSnapshots_create"})
#: The monthly price per GB of resources that can be deleted, in USD.
_USD_PER_GB = {"snapshot": SNAPSHOT_GB.usd, "volume": VOLUME_GIB.usd}


def action_chains(
    rows: Sequence[Row],
    verb: str,
    parameters: Row = _EMPTY,
    *,
    restart: bool = False,
    sizes: Mapping[str, Row] = _EMPTY,
) -> tuple[Chain, ...]:
    """Build a chain for each droplet: one action, optionally with a restart around it.

    Parameters
    ----------
    rows : sequence of mapping
        Droplets as the API's JSON; a missing field counts as unknown.
    verb : str
        ``"power_off"``, ``"take_snapshot"``, ``"resize"`` ...
    parameters : mapping
        Fields of the action's body besides its type.
    restart : bool
        Shut a running droplet down first, and start it again afterwards.
    sizes : mapping
        The available sizes by slug. Without them neither sizes nor prices are checked.

    Raises
    ------
    InvalidArgument
        The size does not fit a droplet.
    """
    chains = []
    for row in rows:
        step = _action_step(row, verb, parameters, sizes)
        chains.append(droplet_steps.with_restart(row, step) if restart and not step.unchanged else (step,))
    return tuple(chains)


def _action_step(row: Row, verb: str, parameters: Row, sizes: Mapping[str, Row]) -> Step:
    action_type = "snapshot" if verb == "take_snapshot" else verb
    step = droplet_steps.action_step(row, action_type, parameters, verb=verb)
    unchanged = step.unchanged or unchanged_reason(row, action_type, parameters, sizes)
    if action_type == "resize" and not unchanged and sizes and row.get("region") and row.get("disk"):
        check_size(sizes, row, parameters["size"], disk=bool(parameters.get("disk")))
    return replace(step, usd_month=action_usd_month(row, action_type, parameters, sizes), unchanged=unchanged)


def unchanged_reason(row: Row, action_type: str, parameters: Row, sizes: Mapping[str, Row]) -> str:
    """Return why an action would change nothing; ``""`` if it would, or if that is unknown."""
    features = row.get("features")
    if action_type == "resize" and parameters["size"] == row.get("size_slug"):
        grows = parameters.get("disk") and sizes.get(parameters["size"], {}).get("disk", 0) > (row.get("disk") or 0)
        return "" if grows else "already has this size"
    if action_type == "rename" and parameters["name"] == row.get("name"):
        return "already has this name"
    if features is not None:
        feature = _FEATURES.get(action_type, "")
        # With parameters, enabling backups again may change their schedule.
        if feature in features and not parameters:
            return f"already has {feature.replace('ipv6', 'IPv6')}"
        if action_type == "disable_backups" and "backups" not in features:
            return "has no backups"
    return ""


def create_droplet_chains(names: Sequence[str], fields: Row, *, sizes: Mapping[str, Row] = _EMPTY) -> tuple[Chain, ...]:
    """Build a chain for each request that creates droplets, each with up to ten names.

    Parameters
    ----------
    names : sequence of str
    fields : mapping
        The body without its names.
    sizes : mapping
        The available sizes by slug, for the price.
    """
    each = usd_month("droplets_create", fields, partial(size_usd_month, sizes))
    steps = droplet_steps.create_steps(names, fields, single=len(names) == 1, usd_month_each=each)
    return tuple((step,) for step in steps)


def delete_droplet_chains(rows: Sequence[Row]) -> tuple[Chain, ...]:
    """Build a chain for each droplet to destroy, by id: a tag would include droplets tagged a moment ago."""
    return tuple((droplet_steps.delete_step(row),) for row in rows)


def tag_chains(rows: Sequence[Row], tag: str, *, exists: bool) -> tuple[Chain, ...]:
    """Build the chains that add a tag to droplets.

    Parameters
    ----------
    rows : sequence of mapping
        Droplets as the API's JSON.
    tag : str
    exists : bool
        Whether the tag exists; otherwise it is created first.
    """
    untagged, tagged = _split_by_tag(rows, tag)
    create = create_tag_step(tag)
    chains: list[Chain] = []
    if untagged:
        chains.append((*(() if exists else (create,)), tag_step("tag", "tags_assign_resources", untagged, tag)))
    if tagged:
        chains.append((tag_step("tag", "tags_assign_resources", tagged, tag, unchanged="already has this tag"),))
    return tuple(chains)


def untag_chains(rows: Sequence[Row], tag: str) -> tuple[Chain, ...]:
    """Build the chains that remove a tag from droplets."""
    untagged, tagged = _split_by_tag(rows, tag, unknown=True)
    chains: list[Chain] = []
    if tagged:
        chains.append((tag_step("untag", "tags_unassign_resources", tagged, tag),))
    if untagged:
        chains.append(
            (tag_step("untag", "tags_unassign_resources", untagged, tag, unchanged="does not have this tag"),)
        )
    return tuple(chains)


def _split_by_tag(rows: Sequence[Row], tag: str, *, unknown: bool = False) -> tuple[list[Row], list[Row]]:
    """Split droplets into those without a tag and those with it; ``unknown`` decides for rows without a list of tags."""

    def has_tag(row: Row) -> bool:
        tags = row.get("tags")
        return unknown if tags is None else tag.casefold() in (one.casefold() for one in tags)

    return [row for row in rows if not has_tag(row)], [row for row in rows if has_tag(row)]


def create_tag_step(tag: str) -> Step:
    """Return the step that creates a tag; an existing one stays as it is."""
    return Step(
        verb="create",
        targets=(Target("tag", None, tag),),
        request=build_request(operation("tags_create"), body={"name": tag}),
    )


def tag_step(verb: str, operation_id: str, rows: Sequence[Row], tag: str, *, unchanged: str = "") -> Step:
    """Return the step that adds a tag to droplets (``verb="tag"``), or removes it."""
    resources = [{"resource_id": str(row["id"]), "resource_type": "droplet"} for row in rows]
    adds = verb == "tag"
    return Step(
        verb=verb,
        targets=tuple(droplet_steps.droplet_target(row) for row in rows),
        request=build_request(operation(operation_id), path={"tag_id": tag}, body={"resources": resources}),
        change=FieldChange("tags", None if adds else tag, tag if adds else None),
        unchanged=unchanged,
    )


def operation_chains(
    account: AccountReader,
    requests: Sequence[Request],
    verb: str,
    names: Sequence[str] = (),
    *,
    owner: str = "",
    waits: bool = False,
) -> tuple[Chain, ...]:
    """Build a chain for each request of any operation.

    Parameters
    ----------
    account : AccountReader
        Read for prices.
    requests : sequence of Request
        Requests of one operation, which differ in the last part of their path.
    verb : str
        The verb shown in tables.
    names : sequence of str
        The name of each request's resource, as far as it has one.
    owner : str
        What these resources belong to, in words.
    waits : bool
        Wait for the action in the response, for the image that is imported, or for the status of the resource.
    """
    known = operation(requests[0].operation_id)
    work: Awaits = "status" if has_status(known.id) else "image" if known.id == "images_create_custom" else "action"
    awaits = work if waits else "answer"
    padded = [*names, *("" for _ in requests[len(names) :])]
    steps = (
        _operation_step(account, known, request, verb, name, awaits)
        for request, name in zip(requests, padded, strict=True)
    )
    return tuple((replace(step, owner=owner),) for step in steps)


def _operation_step(
    account: AccountReader, known: Operation, request: Request, verb: str, name: str, awaits: Awaits
) -> Step:
    if known.id == "dropletActions_post" and isinstance(request.body, dict):
        return _requested_action_step(account, request, verb, name, awaits)
    volume = None
    if known.id in _VOLUME_OPERATIONS:
        matched = match(request.method, request.path)
        path = {"volume_id": matched[1]["volume_id"]} if matched is not None else {}
        volume = account.read(build_request(operation("volumes_get"), path=path))
    return Step(
        verb=verb,
        targets=(target_of(request, name),),
        request=request,
        awaits=awaits,
        usd_month=added_usd_month(known.id, request.body, account.price_of, volume=volume),
        reversible=effect_of(known.id, request.body).reversible,
    )


def _requested_action_step(account: AccountReader, request: Request, verb: str, name: str, awaits: Awaits) -> Step:
    """Build the step of a given request for an action on a droplet, which is read for what it interrupts and costs."""
    droplet_id = target_of(request).id
    droplet = account.read(build_request(operation("droplets_get"), path={"droplet_id": droplet_id}))
    row = droplet or {"id": droplet_id, "name": name}
    parameters = {key: value for key, value in request.body.items() if key != "type"}
    action_type = str(request.body.get("type", ""))
    sizes = account.sizes if action_type == "resize" and droplet else {}
    return Step(
        verb=action_type or verb,
        targets=(replace(target_of(request, name), name=str(row.get("name") or droplet_id)),),
        request=request,
        awaits=awaits,
        usd_month=action_usd_month(row, action_type, parameters, sizes),
        reversible=effect_of(request.operation_id, request.body).reversible,
        # A droplet that could not be read is assumed to be running.
        interrupts=action_type in droplet_steps.INTERRUPTING and row.get("status", "active") == "active",
    )


def delete_chains(operation_id: str, parameter: str, kind: str, rows: Sequence[tuple[Row, str]]) -> tuple[Chain, ...]:
    """Build a chain for each resource to delete.

    Parameters
    ----------
    operation_id, parameter : str
        The operation that deletes one, and the name of the id in its path.
    kind : str
        The singular noun of the resource type.
    rows : sequence of tuple
        Each resource as the API's JSON, and the name of its id field.
    """
    chains = []
    for row, field in rows:
        price = _USD_PER_GB.get(kind, 0.0) * float(row.get("size_gigabytes") or 0.0)
        step = Step(
            verb="delete",
            targets=(Target(kind, row[field], str(row.get("name") or row[field])),),
            request=build_request(operation(operation_id), path={parameter: row[field]}),
            usd_month=-price,
            reversible=effect_of(operation_id).reversible,
        )
        chains.append((step,))
    return tuple(chains)


def request_chain(request: Request) -> Chain:
    """Build the chain of a bare request."""
    line = f"{request.method} {mask_query(request.target)}"
    return (Step(verb=BARE_REQUEST, targets=(Target("request", None, line),), request=request, reversible=False),)
