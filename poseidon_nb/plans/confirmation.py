"""The rule for when a plan needs confirmation, and the texts of questions, buttons and refusals. Pure.

A plan needs confirmation if it deletes, replaces, resets or transfers something (`catalogue.effects`), interrupts
something that runs, cannot be undone, adds more per month than a limit, or changes more than `MAX_TARGETS` targets. Any
``%do api`` request other than a GET needs it too. Nothing else does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from poseidon_nb.catalogue.effects import SAFE_METHODS, EffectKind, effect_of
from poseidon_nb.plans.step_effects import step_effect
from poseidon_nb.plans.summary import BARE_REQUEST, command_verbs, short_summary, summary
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.plans.plan import Plan

#: Why a plan needs confirmation.
Reason = Literal["deletes", "replaces", "resets", "interrupts", "transfers", "irreversible", "cost", "many", "request"]

_REASONS: Mapping[EffectKind, Reason] = {
    "deletes": "deletes",
    "replaces": "replaces",
    "resets": "resets",
    "interrupts": "interrupts",
    "transfers": "transfers",
}
#: A plan that changes more targets than this needs confirmation.
MAX_TARGETS = 20
#: A plan that adds more than this needs confirmation, in USD a month.
PRICE_LIMIT_USD_MONTH = 100.0
#: The end of an error where a question cannot be asked.
UNATTENDED = "This session cannot ask for confirmation. Add --yes to confirm"
#: The version that introduced these rules.
SINCE = "0.1.0"
_STILL_BILLED = "A droplet that is powered off is still billed."
_DROPLET_ACTIONS = "dropletActions_post"


def reasons(plan: Plan, *, price_limit_usd_month: float = PRICE_LIMIT_USD_MONTH) -> tuple[Reason, ...]:
    """Return why a plan needs confirmation; empty if it needs none."""
    found: dict[Reason, None] = {}
    for step in plan.steps:
        if reason := _reason(step):
            found[reason] = None
    # A size that is not available has no price. The API refuses it, and the error suggests similar sizes.
    unknown = any(step.usd_month is None and step.request.operation_id != "droplets_create" for step in plan.steps)
    if unknown or sum(step.usd_month or 0.0 for step in plan.steps) > price_limit_usd_month:
        found["cost"] = None
    if len(plan.targets) > MAX_TARGETS:
        found["many"] = None
    return tuple(found)


def _reason(step: Step) -> Reason | None:
    if step.verb == BARE_REQUEST and step.request.method not in SAFE_METHODS:
        return "request"
    effect = step_effect(step)
    # Whether an action interrupts a droplet depends on the droplet's status.
    if effect.kind == "interrupts" and step.request.operation_id == _DROPLET_ACTIONS:
        return "interrupts" if step.interrupts else None
    if effect.needs_confirmation:
        # A plain change needs confirmation only if it cannot be undone.
        return _REASONS.get(effect.kind, "irreversible")
    if step.interrupts:
        return "interrupts"
    return None if step.reversible else "irreversible"


def question(plan: Plan) -> str:
    """Return the question to confirm a plan: the account, the targets, the cost, and the warnings."""
    return " ".join([f"{plan.account}: {summary(plan)}?", *warnings(plan)])


def warnings(plan: Plan) -> list[str]:
    """Return the warnings of a plan, each sentence once."""
    found: dict[str, None] = {}
    for chain in plan.chains:
        for step in chain:
            effect = step_effect(step)
            # In a longer chain an interruption is part of a restart, which the summary mentions.
            if step.unchanged or (len(chain) > 1 and effect.kind == "interrupts"):
                continue
            if effect.warning:
                found[effect.warning] = None
            if step.verb in {"power_off", "shutdown"}:
                found[_STILL_BILLED] = None
    return [*found]


def button_label(plan: Plan) -> str:
    """Return the label of a button after its first click: ``Confirm: delete 2 droplets (saves $48.00 a month): a and b``."""
    return f"Confirm: {short_summary(plan)}"


def refusal(plan: Plan) -> str:
    """Return the error for a plan that nobody can confirm, and the option that allows it."""
    many = len(plan.targets) > MAX_TARGETS
    chains = [chain for chain in plan.chains if many or any(_is_new(step) for step in chain if not step.unchanged)]
    new = [*dict.fromkeys(verb for chain in chains for verb in command_verbs(chain))]
    since = (
        f" (new in version {SINCE}: {join_words(new)} {'asks' if len(new) == 1 else 'ask'} for confirmation)"
        if new
        else ""
    )
    return f"{question(plan)} {UNATTENDED}{since}."


def _is_new(step: Step) -> bool:
    """Return whether a step needed no confirmation before version `SINCE`."""
    reason = _reason(step)
    known = step.verb in {"rebuild", "restore"} or step.request.method == "DELETE"
    disk = isinstance(step.request.body, dict) and bool(step.request.body.get("disk"))
    return reason is not None and reason != "request" and not known and not disk


def deletes(plan: Plan) -> bool:
    """Return whether a plan deletes anything, which ``POSEIDON_ASSUME_YES`` does not confirm."""
    return any(step_effect(step).kind == "deletes" for step in plan.steps)


def confirmation_help(operation_id: str, body: object = None) -> str:
    """Return when a command for an operation asks, for its help page; empty if only the cost or the number decides."""
    effect = effect_of(operation_id, body)
    if effect.kind == "interrupts" and operation_id == _DROPLET_ACTIONS:
        return "when it interrupts an active droplet"
    return f"first. {effect.warning}".strip() if effect.needs_confirmation else ""
