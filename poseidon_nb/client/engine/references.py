"""What a step needs of other chains: whether it can be sent, the values that they provide, and whether it never can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import address_of
from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.steps import Chain, Outcome, Reference


def reference_values(references: Iterable[Reference], chains: Sequence[ChainRun]) -> dict[str, Any] | None:
    """Return the values of references, by placeholder; None until all are known and all chains have succeeded."""
    values: dict[str, Any] = {}
    for reference in references:
        if not reference.placeholder:
            if not chains[reference.chain].succeeded:
                return None
            continue
        value = _value(reference, chains)
        if value is None:
            return None
        values[reference.placeholder] = value
    return values


def failed_reference(references: Iterable[Reference], chains: Sequence[ChainRun]) -> ChainRun | None:
    """Return a chain that cannot provide what a step needs any more, or None."""
    for reference in references:
        provider = chains[reference.chain]
        if reference.placeholder:
            given = _outcome(reference, chains)
            if given is not None and _value(reference, chains) is None:
                return provider
        elif provider.error is not None or (provider.ended and not provider.succeeded):
            return provider
    return None


def blocked_on(run: ChainRun, chains: Sequence[ChainRun]) -> list[ChainRun]:
    """Return the other chains that the next step of a chain waits for, and that have not ended."""
    step = run.chain[run.position]
    others = (chains[reference.chain] for reference in step.references)
    return [other for other in others if other is not run and not other.ended]


def check_references(chains: Sequence[Chain]) -> None:
    """Check that every reference is to a step that exists, and that no chains wait for each other.

    Raises
    ------
    InvalidArgument
        One is not. Nothing was sent.
    """
    needs: list[set[int]] = []
    for number, chain in enumerate(chains):
        needed: set[int] = set()
        for at, step in enumerate(chain):
            for reference in step.references:
                if not _exists(reference, chains):
                    raise InvalidArgument(f"{step.label!r} refers to a step that is not in this plan.")
                if reference.chain == number and (reference.step >= at or not reference.placeholder):
                    raise InvalidArgument(f"{step.label!r} waits for itself.")
                needed |= {reference.chain} - {number}
        needs.append(needed)
    done: set[int] = set()
    while ready := {number for number, needed in enumerate(needs) if number not in done and needed <= done}:
        done |= ready
    if len(done) < len(chains):
        waiting = next(number for number in range(len(chains)) if number not in done)
        raise InvalidArgument(f"{chains[waiting][0].label!r} waits for a chain that waits for it.")


def _exists(reference: Reference, chains: Sequence[Chain]) -> bool:
    if not 0 <= reference.chain < len(chains):
        return False
    chain = chains[reference.chain]
    return not reference.placeholder or (
        0 <= reference.step < len(chain) and 0 <= reference.target < len(chain[reference.step].targets)
    )


def _outcome(reference: Reference, chains: Sequence[ChainRun]) -> Outcome | None:
    """Return the outcome of the step and target that a reference names; None until it has ended."""
    provider = chains[reference.chain]
    place = sum(len(step.targets) for step in provider.chain[: reference.step]) + reference.target
    return provider.outcomes[place] if place < len(provider.outcomes) else None


def _value(reference: Reference, chains: Sequence[ChainRun]) -> Any:
    outcome = _outcome(reference, chains)
    if outcome is None or outcome.status not in {"completed", "unchanged"}:
        return None
    if reference.field in {"id", "id_text"}:
        return id_value(outcome.target.id, reference.field)
    row = outcome.answer
    key = operation(outcome.step.request.operation_id).response_key if outcome.step.request.operation_id else ""
    if isinstance(row, dict) and isinstance(row.get(key), dict):
        row = row[key]
    return field_value(row, reference.field) if isinstance(row, dict) else None


def id_value(id_: int | str | None, field: str) -> int | str | None:
    """Return an id as a reference wants it: as it is, or as text."""
    return id_ if id_ is None or field == "id" else str(id_)


def field_value(row: Mapping[str, Any], field: str) -> Any:
    """Return a field of a created resource; ``public_ipv4`` and ``public_ipv6`` are addresses of a droplet."""
    if field == "public_ipv6":
        listed = (row.get("networks") or {}).get("v6") or ()
        return next((one["ip_address"] for one in listed if one.get("ip_address")), None)
    return address_of(row, "public") if field == "public_ipv4" else row.get(field)


def needed_chains(chains: Iterable[Chain]) -> set[int]:
    """Return the numbers of the chains that others refer to."""
    return {reference.chain for chain in chains for step in chain for reference in step.references}
