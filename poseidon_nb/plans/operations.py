"""Steps of any operation of the API: one for each request that a command stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.catalogue.prices import SNAPSHOT_GB, VOLUME_GIB
from poseidon_nb.client.engine.droplet_steps import INTERRUPTING
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.client.operations import target_of
from poseidon_nb.plans.costs import added_usd_month
from poseidon_nb.plans.droplets import added_by_action
from poseidon_nb.plans.texts import BARE
from poseidon_nb.transport.request import build_request, redact_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.engine.steps import Awaits, Chain
    from poseidon_nb.plans.account import Account
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: What is read for the price of a change.
_OF_VOLUMES = frozenset({"volumeActions_post_byId", "volumeSnapshots_create"})
#: What a GB costs of things that are deleted, by the singular of their kind.
_PRICE_GB = {"snapshot": SNAPSHOT_GB.usd, "volume": VOLUME_GIB.usd}


def operation_chains(
    account: Account, requests: Sequence[Request], verb: str, names: Sequence[str] = (), *, waits: bool = False
) -> tuple[Chain, ...]:
    """Return a chain for each request of an operation.

    Parameters
    ----------
    account : Account
        Read for prices.
    requests : sequence of Request
        Of one operation; several differ in the last part of their path.
    verb : str
        What tables call it.
    names : sequence of str
        What the thing of each request is called, as far as it has a name.
    waits : bool
        The answer is an action, or an image that is imported, which is waited for.
    """
    wanted = operation(requests[0].operation_id)
    awaits: Awaits = "answer" if not waits else "image" if wanted.id == "images_create_custom" else "action"
    called = [*names, *("" for _ in requests[len(names) :])]
    return tuple(
        (_step(account, wanted, request, verb, name, awaits),) for request, name in zip(requests, called, strict=True)
    )


def _step(account: Account, wanted: Operation, request: Request, verb: str, name: str, awaits: Awaits) -> Step:
    if wanted.id == "dropletActions_post" and isinstance(request.body, dict):
        return _droplet_action(account, request, verb, name, awaits)
    volume = None
    if wanted.id in _OF_VOLUMES:
        found = match(request.method, request.path)
        path = {"volume_id": found[1]["volume_id"]} if found is not None else {}
        volume = account.read(build_request(operation("volumes_get"), path=path))
    return Step(
        verb=verb,
        targets=(target_of(request, name),),
        request=request,
        awaits=awaits,
        usd_month=added_usd_month(wanted.id, request.body, account.price_of, volume=volume),
        reversible=effect_of(wanted.id, request.body).reversible,
    )


def _droplet_action(account: Account, request: Request, verb: str, name: str, awaits: Awaits) -> Step:
    """Return the step of a bare action on a droplet: what it interrupts and costs depends on the droplet."""
    droplet_id = target_of(request).id
    found = account.read(build_request(operation("droplets_get"), path={"droplet_id": droplet_id}))
    row = found or {"id": droplet_id, "name": name}
    parameters = {key: value for key, value in request.body.items() if key != "type"}
    action_type = str(request.body.get("type", ""))
    sizes = account.sizes if action_type == "resize" and found else {}
    return Step(
        verb=action_type or verb,
        targets=(replace(target_of(request, name), name=str(row.get("name") or droplet_id)),),
        request=request,
        awaits=awaits,
        usd_month=added_by_action(row, action_type, parameters, sizes),
        reversible=effect_of(request.operation_id, request.body).reversible,
        # Of a droplet that could not be read the worst is assumed.
        interrupts=action_type in INTERRUPTING and row.get("status", "active") == "active",
    )


def delete_chains(operation_id: str, parameter: str, kind: str, rows: Sequence[tuple[Row, str]]) -> tuple[Chain, ...]:
    """Return a chain for each thing that is deleted.

    Parameters
    ----------
    operation_id, parameter : str
        What deletes one, and what its path calls the id.
    kind : str
        The singular.
    rows : sequence of tuple
        Each as the API sends it, and the field that is its id.
    """
    chains = []
    for row, field in rows:
        price = _PRICE_GB.get(kind, 0.0) * float(row.get("size_gigabytes") or 0.0)
        step = Step(
            verb="delete",
            targets=(Target(kind, row[field], str(row.get("name") or row[field])),),
            request=build_request(operation(operation_id), path={parameter: row[field]}),
            usd_month=-price,
            reversible=False,
        )
        chains.append((step,))
    return tuple(chains)


def request_chain(request: Request) -> Chain:
    """Return the chain of a bare request."""
    line = f"{request.method} {redact_url(request.target)}"
    return (Step(verb=BARE, targets=(Target("request", None, line),), request=request, reversible=False),)
