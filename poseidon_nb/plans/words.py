"""Words that tables, sentences and dry runs of plans share. Pure, and no third party is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.steps import When

if TYPE_CHECKING:
    from poseidon_nb.client.engine.steps import Step


def change_of(step: Step) -> str:
    """Return what a table calls a step."""
    return f"{step.verb} if needed" if step.when == When.IF_NEEDED else step.verb


def spoken(verb: str) -> str:
    """Return a verb as a person says it: ``power off``, ``shut down``, ``snapshot``."""
    return {"shutdown": "shut down", "take_snapshot": "snapshot"}.get(verb, verb.replace("_", " "))


def text_of(value: Any) -> str | None:
    """Return a value of any type as a table has it; None stays None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)
