"""GradientAI Platform: agents, knowledge bases, models, keys, workspaces and evaluation.

No model answers here. Everything that one would compute is fabricated, and each module says what. The pages of this
service name their number, and the link to the one before is ``previous``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.services.genai import (
    agent_links,
    agents,
    evaluation,
    keys,
    knowledge_bases,
    links,
    model_evaluation,
    models,
    workspaces,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.resources import Handler

_PARTS = (agent_links, agents, evaluation, keys, knowledge_bases, links, model_evaluation, models, workspaces)

OPERATIONS: dict[str, Handler] = {name: handler for part in _PARTS for name, handler in part.OPERATIONS.items()}

EFFECTS: dict[str, Callable[..., None]] = {
    name: effect for part in _PARTS for name, effect in vars(part).get("EFFECTS", {}).items()
}
