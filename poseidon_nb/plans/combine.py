"""Combine the chains of several plans into those of one plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.client.engine.steps import Chain


def combined(plans: Iterable[Sequence[Chain]]) -> tuple[Chain, ...]:
    """Return the chains of several plans in order, as the chains of one plan.

    A reference holds the number of a chain in its own plan. It is renumbered, so that it points to the same chain.
    The plans stay independent: a chain waits only for chains of its own plan.

    Parameters
    ----------
    plans : iterable of sequence of Chain
    """
    chains: list[Chain] = []
    for plan in plans:
        start = len(chains)
        chains += [_renumbered(chain, start) for chain in plan]
    return tuple(chains)


def _renumbered(chain: Chain, start: int) -> Chain:
    if not start or not any(step.references for step in chain):
        return chain
    return tuple(
        replace(step, references=tuple(replace(one, chain=one.chain + start) for one in step.references))
        for step in chain
    )
