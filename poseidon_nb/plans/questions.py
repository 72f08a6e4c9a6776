"""When a person is asked before a plan is executed, and in which words: the one rule for commands and panels. Pure.

A plan asks if it deletes, replaces, resets or transfers something (`catalogue.effects`), interrupts something that
runs, cannot be undone, adds more a month than a limit, or changes more than `MAX_THINGS` things. So does any request
but GET by ``%do api``. Nothing else asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from poseidon_nb.catalogue.effects import SAFE_METHODS, Effect, EffectKind, effect_of
from poseidon_nb.plans.texts import BARE, in_brief, summary, verbs_of
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.plans.plan import Plan

#: Why a person is asked.
Reason = Literal["deletes", "replaces", "resets", "interrupts", "transfers", "lasting", "money", "many", "request"]

_OF_KINDS: Mapping[EffectKind, Reason] = {
    "deletes": "deletes",
    "replaces": "replaces",
    "resets": "resets",
    "interrupts": "interrupts",
    "transfers": "transfers",
}
#: A change of more things than this is asked about, whatever it is.
MAX_THINGS = 20
#: A plan that adds more than this is asked about, in USD a month.
PRICE_LIMIT_USD_MONTH = 100.0
#: The version in which these rules began.
SINCE = "0.1.0"
_BILLED = "A droplet that is off is billed all the same."
_DROPLET_ACTIONS = "dropletActions_post"


def effect_of_step(step: Step) -> Effect:
    """Return what a step does to the account; of a request to an unknown path the worst is assumed."""
    request = step.request
    if request.operation_id:
        return effect_of(request.operation_id, request.body)
    if request.method in SAFE_METHODS:
        return Effect("reads")
    kind: Literal["deletes", "changes"] = "deletes" if request.method == "DELETE" else "changes"
    return Effect(kind, needs_confirmation=True, warning="It may not be possible to undo it.", reversible=False)


def reasons(plan: Plan, *, price_limit_usd_month: float = PRICE_LIMIT_USD_MONTH) -> tuple[Reason, ...]:
    """Return why a person has to be asked before a plan is executed; empty where nobody has to be."""
    found: dict[Reason, None] = {}
    for step in plan.steps:
        if reason := _reason(step):
            found[reason] = None
    # A size that is not sold has no price; the service refuses it and its message names the nearest.
    untold = any(step.usd_month is None and step.request.operation_id != "droplets_create" for step in plan.steps)
    if untold or sum(step.usd_month or 0.0 for step in plan.steps) > price_limit_usd_month:
        found["money"] = None
    if len(plan.things) > MAX_THINGS:
        found["many"] = None
    return tuple(found)


def _reason(step: Step) -> Reason | None:
    if step.verb == BARE and step.request.method not in SAFE_METHODS:
        return "request"
    effect = effect_of_step(step)
    # Whether an action interrupts a droplet is told by its status.
    if effect.kind == "interrupts" and step.request.operation_id == _DROPLET_ACTIONS:
        return "interrupts" if step.interrupts else None
    if effect.needs_confirmation:
        # What only changes something asks where that is for good.
        return _OF_KINDS.get(effect.kind, "lasting")
    if step.interrupts:
        return "interrupts"
    return None if step.reversible else "lasting"


def question(plan: Plan) -> str:
    """Return what a person is asked: the account, the things, the money, and what there is to warn of."""
    return " ".join([f"{plan.account}: {summary(plan)}?", *warnings(plan)])


def warnings(plan: Plan) -> list[str]:
    """Return the warnings of a plan, each sentence once."""
    found: dict[str, None] = {}
    for chain in plan.chains:
        inner = len(chain) > 1
        for step in chain:
            effect = effect_of_step(step)
            # A shutdown around a resize is what a restart is: the summary says so.
            if step.unchanged or (inner and effect.kind == "interrupts"):
                continue
            if effect.warning:
                found[effect.warning] = None
            if step.verb in {"power_off", "shutdown"}:
                found[_BILLED] = None
    return [*found]


def button_label(plan: Plan) -> str:
    """Return what a button says that was pressed once: ``Confirm: delete 2 droplets ($48.00 a month): a and b``."""
    return f"Confirm: {in_brief(plan)}"


def refusal(plan: Plan) -> str:
    """Return why a plan is not executed where nobody can answer, and what allows it."""
    many = len(plan.things) > MAX_THINGS
    chains = [chain for chain in plan.chains if many or any(_is_new(step) for step in chain if not step.unchanged)]
    new = [*dict.fromkeys(verb for chain in chains for verb in verbs_of(chain))]
    since = f" ({join_words(new)} {'asks' if len(new) == 1 else 'ask'} since version {SINCE})" if new else ""
    return f"{question(plan)} Nobody can answer here: add --yes to allow it{since}"


def _is_new(step: Step) -> bool:
    """Return whether a step was not asked about before there were plans."""
    reason = _reason(step)
    known = step.verb in {"rebuild", "restore"} or step.request.method == "DELETE"
    disk = isinstance(step.request.body, dict) and bool(step.request.body.get("disk"))
    return reason is not None and reason != "request" and not known and not disk


def deletes(plan: Plan) -> bool:
    """Return whether anything is deleted, which no setting answers for."""
    return any(effect_of_step(step).kind == "deletes" for step in plan.steps)


def asks_first(operation_id: str, body: object = None) -> str:
    """Return in words when a command that sends an operation asks, for its help; empty where only numbers matter."""
    effect = effect_of(operation_id, body)
    if effect.kind == "interrupts" and operation_id == _DROPLET_ACTIONS:
        return "when it interrupts a droplet that runs"
    return f"first. {effect.warning}".strip() if effect.needs_confirmation else ""
