"""A plan in words: in one sentence, as its requests, as a list. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.engine.steps import When
from poseidon_nb.plans.words import change_of, text_of
from poseidon_nb.text import counted, joined, printable, usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request

#: Things named in a sentence; of more the rest is counted.
MAX_NAMED = 8
#: How a sentence tells what a change leads to, by its field.
_LEADS_TO = {"size": "to", "name": "to", "image": "from image", "snapshot": "as", "tags": "with"}
#: What stands for an id that could not be looked up; a path has it percent-encoded.
UNKNOWN_ID = "ID-OF "
_QUOTED_ID = "ID-OF%20"


def summary(plan: Plan) -> str:
    """Return what a plan does, its things and its money: ``resize 2 droplets to s-2vcpu-4gb (+$12.00 a month): a and b``."""
    groups: dict[tuple[str, str, str], list[tuple[Chain, Step]]] = {}
    for chain in plan.chains:
        for step in _told(chain):
            groups.setdefault((step.verb, _kind(step), _detail(chain, step)), []).append((chain, step))
    return "; ".join(_phrase(verb, kind, detail, [step for _, step in of_one]) for (verb, kind, detail), of_one in groups.items())


def _told(chain: Chain) -> Iterable[Step]:
    """Return the steps that a sentence tells: those around a restart are a part of it."""
    steps = [step for step in chain if not step.unchanged]
    return [step for step in steps if step.when == When.NEXT and not step.best_effort] or steps


def _kind(step: Step) -> str:
    return step.targets[0].kind if step.targets else ""


def _detail(chain: Chain, step: Step) -> str:
    words = _LEADS_TO.get(step.change.field) if step.verb != step.change.field else "to"
    after = text_of(step.change.after)
    detail = ""
    if step.verb == "create" and step.change.field == "size" and after:
        detail = f" of {printable(after)}"
    elif words and after:
        detail = f" {words} {printable(after)}"
    if isinstance(step.request.body, dict) and step.request.body.get("disk") is True:
        detail += ", the disk too,"
    restarted = len(chain) > 1 and any(one.interrupts and one is not step for one in chain)
    return f"{detail} with a restart" if restarted else detail


def _phrase(verb: str, kind: str, detail: str, steps: Sequence[Step]) -> str:
    targets = [target for step in steps for target in step.targets]
    money = money_of(steps)
    if verb == "api":
        return f"{printable(steps[0].label.removeprefix('api '))}{money}"
    if len(targets) == 1:
        return f"{verb} {kind} {printable(_name(targets[0], steps[0]))}{detail.removesuffix(',')}{money}"
    names = named([_name(target, steps[0]) for target in targets])
    return f"{verb} {counted(len(targets), kind)}{detail.removesuffix(',')}{money}: {names}"


def _name(target: Target, step: Step) -> str:
    # Of what is gone for good the id has to be right too.
    return str(target) if step.awaits == "gone" or step.request.method == "DELETE" else target.name


def money_of(steps: Iterable[Step]) -> str:
    """Return what steps change a month, to be put behind what they do; empty where that is nothing."""
    listed = [*steps]
    if any(step.usd_month is None for step in listed):
        return " at a price that the API does not tell"
    amount = sum(step.usd_month or 0.0 for step in listed)
    if not amount:
        return ""
    if all(step.verb == "create" for step in listed):
        return f" for {usd(amount)} a month"
    return f" ({usd(-amount)} a month)" if all(step.verb == "delete" for step in listed) else f" ({usd(amount, signed=True)} a month)"


def named(things: Sequence[str]) -> str:
    """Return the names of things, the first few of many."""
    if len(things) <= MAX_NAMED:
        return joined(things)
    return f"{', '.join(map(printable, things[:MAX_NAMED]))} and {len(things) - MAX_NAMED:,} more"


def headline(plan: Plan) -> str:
    """Return a plan in one line: its account, what it does, how many requests."""
    account = f"{plan.account}: " if plan.account else ""
    if plan.is_empty:
        return f"{account}nothing to change"
    return f"{account}{summary(plan)}; {counted(len(plan.requests()), 'request')}"


def listing(plan: Plan) -> str:
    """Return a plan as text: a line for each step."""
    lines = [f"<Plan {headline(plan)}>"]
    for chain in plan.chains:
        for number, step in enumerate(chain):
            marks = [step.unchanged, change_of(step).removeprefix(step.verb).strip(), "" if step.reversible else "for good"]
            told = ", ".join(mark for mark in marks if mark)
            lead = "- " if number == 0 else "  "
            change = _from_to(step)
            targets = named([str(target) for target in step.targets])
            lines.append(f"  {lead}{step.verb} {targets}{change}{f' ({told})' if told else ''}")
    return "\n".join([*lines, *(f"  {note}" for note in plan.notes)])


def _from_to(step: Step) -> str:
    before, after = text_of(step.change.before), text_of(step.change.after)
    if after is None:
        return ""
    name = step.change.field
    return f": {name} {printable(before)} -> {printable(after)}" if before is not None else f": {name} {printable(after)}"


def dry_run(plan: Plan) -> str:
    """Return the requests of a plan as they would be sent, a blank line between two."""
    parts = [_part(step) for chain in plan.chains for step in chain]
    return "\n\n".join([*parts, *(f"({note})" for note in plan.notes)])


def _part(step: Step) -> str:
    if step.unchanged:
        return f"({step.label}: {step.unchanged}; nothing is sent)"
    first, newline, rest = request_text(step.request).partition("\n")
    mark = "  (if needed)" if step.when == When.IF_NEEDED else ""
    return f"{first}{mark}{newline}{rest}"


def request_text(request: Request) -> str:
    """Return a request as it would be sent, with ids that could not be looked up as words."""
    return str(request).replace(_QUOTED_ID, UNKNOWN_ID)
