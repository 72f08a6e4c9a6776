"""A plan in words: in one sentence, as its requests, as a list. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.client.engine.steps import When
from poseidon_nb.plans.words import change_of, spoken, text_of
from poseidon_nb.text import escape_unprintable, format_usd, pluralize, truncated_list
from poseidon_nb.transport.request import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request

#: Things named in a sentence; of more the rest is counted.
MAX_NAMED = 8
#: Lines of a plan that is shown.
MAX_LINES = 60
#: Letters of a request's body in a sentence.
MAX_TOLD = 200
#: The verb of a step that is a bare request.
BARE = "api"
#: How a sentence tells what a change leads to, by its field.
_LEADS_TO = {"size": "to", "name": "to", "image": "from image", "snapshot": "as", "tags": "with"}
#: Operations whose bodies are told in the words of a verb.
_OWN_WORDS = frozenset({"dropletActions_post", "tags_assign_resources", "tags_unassign_resources"})
#: What stands for an id that could not be looked up; a path and a query have it encoded.
UNKNOWN_ID = "ID-OF "
_QUOTED_IDS = ("ID-OF%20", "ID-OF+")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """What a plan does alike to several things."""

    verb: str
    kind: str
    detail: str
    steps: tuple[Step, ...]

    @property
    def targets(self) -> list[Target]:
        return [target for step in self.steps for target in step.targets]


def summary(plan: Plan) -> str:
    """Return what a plan does, to what, and its price: ``resize 2 droplets to s-2vcpu-4gb (+$12.00 a month): a and b``."""
    return "; ".join(_said(phrase, phrase.verb, phrase.kind) for phrase in _phrases(plan))


def in_brief(plan: Plan) -> str:
    """Return the same as a button says it: ``power off web-1``; snapshots, which have a name each, without those."""
    return "; ".join(_said(phrase, spoken(phrase.verb), "") for phrase in _phrases(plan, brief=True))


def verbs_of(chain: Chain) -> list[str]:
    """Return what a chain does, as commands call it: ``resize --restart``."""
    restarted = " --restart" if _has_restart(chain) else ""
    return [f"{step.verb}{restarted}" for step in _told(chain)]


def _phrases(plan: Plan, *, brief: bool = False) -> list[_Phrase]:
    groups: dict[tuple[str, str, str], list[Step]] = {}
    for chain in plan.chains:
        for step in _told(chain):
            kind = step.targets[0].kind if step.targets else ""
            detail = "" if brief and step.change.field == "snapshot" else _detail(chain, step)
            groups.setdefault((step.verb, kind, detail), []).append(step)
    return [_Phrase(*key, tuple(steps)) for key, steps in groups.items()]


def _told(chain: Chain) -> list[Step]:
    """Return the steps that a sentence tells: those around a restart are a part of it."""
    steps = [step for step in chain if not step.unchanged]
    return [step for step in steps if step.when == When.NEXT and not step.best_effort] or steps


def _has_restart(chain: Chain) -> bool:
    return any(step.best_effort for step in chain)


def _detail(chain: Chain, step: Step) -> str:
    after, body = text_of(step.change.after), step.request.body
    detail = ""
    if after and step.change.field in _LEADS_TO:
        words = "of" if step.verb == "create" else _LEADS_TO[step.change.field]
        detail = f" {words} {escape_unprintable(after)}"
    elif body and not step.change.field and step.request.operation_id not in _OWN_WORDS and step.verb != "create":
        # What a request says that has no better words.
        told = json.dumps(redact(body), ensure_ascii=False)
        detail = f" {escape_unprintable(told if len(told) <= MAX_TOLD else told[: MAX_TOLD - 1] + '…')}"
    if _has_restart(chain):
        detail += " with a restart"
    return f"{detail}, the disk too" if isinstance(body, dict) and body.get("disk") is True else detail


def _said(phrase: _Phrase, verb: str, kind: str) -> str:
    """Return a phrase in words; the kind of a single thing only where it is given."""
    targets, money = phrase.targets, money_of(phrase.steps)
    # Of what is gone for good the id has to be right too.
    exact = any(step.request.method == "DELETE" for step in phrase.steps)
    names = [escape_unprintable(str(target) if exact else target.name) for target in targets]
    if phrase.verb == BARE:
        return f"{names[0]}{phrase.detail}{money}"
    if len(targets) == 1:
        return f"{' '.join(filter(None, (verb, kind, names[0])))}{phrase.detail}{money}"
    return f"{verb} {pluralize(len(targets), phrase.kind)}{phrase.detail}{money}: {truncated_list(names, max_words=MAX_NAMED)}"


def money_of(steps: Iterable[Step]) -> str:
    """Return what steps change a month, to be put behind what they do; empty where that is nothing."""
    listed = [*steps]
    if any(step.usd_month is None for step in listed):
        return " at an unknown price"
    amount = sum(step.usd_month or 0.0 for step in listed)
    if not amount:
        return ""
    if all(step.verb == "create" for step in listed):
        return f" for {format_usd(amount)} a month"
    return (
        f" ({format_usd(-amount)} a month)"
        if all(step.verb == "delete" for step in listed)
        else f" ({format_usd(amount, signed=True)} a month)"
    )


def headline(plan: Plan) -> str:
    """Return a plan in one line: its account, what it does, how many requests."""
    account = f"{plan.account}: " if plan.account else ""
    if plan.is_empty:
        return f"{account}nothing to change"
    return f"{account}{summary(plan)}; {pluralize(len(plan.requests()), 'request')}"


def listing(plan: Plan) -> str:
    """Return a plan as text: a line for each step, the first of many."""
    lines = [f"<Plan {headline(plan)}>"]
    for chain in plan.chains:
        for number, step in enumerate(chain):
            marks = [
                step.unchanged,
                change_of(step).removeprefix(step.verb).strip(),
                "" if step.reversible else "cannot be undone",
            ]
            told = ", ".join(mark for mark in marks if mark)
            lead = "- " if number == 0 else "  "
            change = _from_to(step)
            targets = truncated_list(map(str, step.targets), max_words=MAX_NAMED)
            lines.append(f"  {lead}{step.verb} {targets}{change}{f' ({told})' if told else ''}")
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"  and {len(lines) - MAX_LINES:,} more steps: see frame()"]
    return "\n".join([*lines, *(f"  {note}" for note in plan.notes)])


def _from_to(step: Step) -> str:
    before, after = text_of(step.change.before), text_of(step.change.after)
    if after is None:
        return ""
    name = step.change.field
    return (
        f": {name} {escape_unprintable(before)} -> {escape_unprintable(after)}"
        if before is not None
        else f": {name} {escape_unprintable(after)}"
    )


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
    text = str(request)
    for quoted in _QUOTED_IDS:
        text = text.replace(quoted, UNKNOWN_ID)
    return text
