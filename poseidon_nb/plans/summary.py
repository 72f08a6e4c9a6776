"""A plan as text: in one sentence, as a list of steps, and as the requests of a dry run. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.own_tags import CLAIM_PREFIX, FROZEN
from poseidon_nb.client.engine.steps import When
from poseidon_nb.masking import HIDDEN, mask
from poseidon_nb.text import escape_unprintable, format_usd, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request

#: Names listed in a sentence; the others are counted. Before something is deleted, people check each name.
MAX_NAMES, MAX_DELETED_NAMES = 8, 20
#: Lines of a plan's text, and rows of its table.
MAX_LINES = 60
#: Characters of a request's body in a sentence.
MAX_BODY_CHARS = 200
#: The verb of a step that is a bare request.
BARE_REQUEST = "api"
#: The word between a verb and the new value, by the field that changes.
_PREPOSITIONS = {"size": "to", "name": "to", "image": "from image", "snapshot": "as", "tags": "with"}
#: Operations whose verb says what their body says.
_BODY_IN_VERB = frozenset({"dropletActions_post", "tags_assign_resources", "tags_unassign_resources"})
#: The conditions that tables and dry runs show.
_CONDITIONS = frozenset({When.IF_NEEDED, When.ON_FAILURE})
_PHRASES = {"add_to": "add to", "shutdown": "shut down", "take_snapshot": "snapshot", "enable_ipv6": "enable IPv6"}
#: Placeholder for an id that could not be looked up. Paths and queries encode it.
UNKNOWN_ID = "ID-OF "
_ENCODED_UNKNOWN_IDS = ("ID-OF%20", "ID-OF+")


@dataclass(frozen=True, slots=True)
class _StepGroup:
    """Steps that do the same to several targets."""

    verb: str
    kind: str
    detail: str
    steps: tuple[Step, ...]

    @property
    def targets(self) -> list[Target]:
        listed = [target for step in self.steps for target in step.targets]
        # Several steps may change one resource; what does not exist yet may have the same name.
        keys = [id(target) if target.id is None else (target.kind, target.id) for target in listed]
        return [*dict(zip(keys, listed, strict=True)).values()]


def summary(plan: Plan) -> str:
    """Return what a plan does, to what, and its price: ``resize 2 droplets to s-2vcpu-4gb (+$12.00 a month): a and b``."""
    return "; ".join(_group_text(group, verb_phrase(group.verb), group.kind) for group in _step_groups(plan))


def short_summary(plan: Plan) -> str:
    """Return the summary for a button: ``power off web-1``. The names of snapshots, one for each droplet, are left out."""
    return "; ".join(_group_text(group, verb_phrase(group.verb), "") for group in _step_groups(plan, short=True))


def command_verbs(chain: Chain) -> list[str]:
    """Return what a chain does as verbs of ``%do``: ``resize --restart``."""
    restart = " --restart" if _has_restart(chain) else ""
    return [f"{step.verb}{restart}" for step in main_steps(chain)]


def verb_phrase(verb: str) -> str:
    """Return a verb in plain English: ``power off``, ``shut down``, ``snapshot``."""
    return _PHRASES.get(verb, verb.replace("_", " "))


def change_label(step: Step) -> str:
    """Return a step's verb for a table, marked where the step is sent only if needed."""
    return f"{step.verb} {step.when}" if step.when in _CONDITIONS else step.verb


def value_text(value: Any) -> str | None:
    """Return a value of any type as text for a table; None stays None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)


def _step_groups(plan: Plan, *, short: bool = False) -> list[_StepGroup]:
    groups: dict[tuple[str, str, str], list[Step]] = {}
    for chain in plan.chains:
        for step in main_steps(chain):
            kind = step.targets[0].kind if step.targets else ""
            detail = "" if short and step.change.field == "snapshot" else _detail(chain, step)
            groups.setdefault((step.verb, kind, detail), []).append(step)
    return [_StepGroup(*key, tuple(steps)) for key, steps in groups.items()]


def main_steps(chain: Chain) -> list[Step]:
    """Return the steps that a sentence names; those of a restart are covered by ``with a restart``."""
    steps = [step for step in chain if not step.unchanged]
    freeze = next((step for step in steps if step.snapshot and step.awaits == "gone"), None)
    if freeze is not None:
        amounts = [step.usd_month for step in steps]
        usd_month = None if None in amounts else sum(amount or 0.0 for amount in amounts)
        return [replace(freeze, verb="freeze", usd_month=usd_month)]
    main = [step for step in steps if step.when == When.NEXT and not step.best_effort] or steps
    return [step for step in main if not _is_own_tag(step)] or main


def _is_own_tag(step: Step) -> bool:
    """Return whether a step only changes a tag that freezing and thawing use, or deletes one that nothing has."""
    if step.unused:
        return True
    names = [target.name for target in step.targets if target.kind == "tag"]
    texts = map(str, (*names, step.change.before, step.change.after))
    return any(text == FROZEN or text.startswith((f"{FROZEN}:", CLAIM_PREFIX)) for text in texts)


def _has_restart(chain: Chain) -> bool:
    ends_on = bool(chain) and chain[-1].runs_always
    return ends_on and any(step.best_effort for step in chain)


def _detail(chain: Chain, step: Step) -> str:
    after, body = value_text(step.change.after), step.request.body
    detail = ""
    if after and step.change.field in _PREPOSITIONS:
        preposition = "of" if step.verb == "create" else _PREPOSITIONS[step.change.field]
        detail = f" {preposition} {escape_unprintable(after)}"
    elif step.verb == "untag":
        detail = f" of {escape_unprintable(value_text(step.change.before) or '')}"
    elif body and not step.change.field and step.request.operation_id not in _BODY_IN_VERB and step.verb != "create":
        text = json.dumps(mask(body, replacement=HIDDEN), ensure_ascii=False)
        detail = f" {escape_unprintable(text if len(text) <= MAX_BODY_CHARS else text[: MAX_BODY_CHARS - 1] + '…')}"
    if _has_restart(chain):
        detail += " with a restart"
    return f"{detail}, including the disk" if isinstance(body, dict) and body.get("disk") is True else detail


def _group_text(group: _StepGroup, verb: str, kind: str) -> str:
    targets, cost = group.targets, cost_text(group.steps)
    # Before a delete, the user should also see the id.
    deletes = any(step.request.method == "DELETE" for step in group.steps)
    names = [escape_unprintable(str(target) if deletes else target.name) for target in targets]
    if group.verb == BARE_REQUEST:
        return f"{names[0]}{group.detail}{cost}"
    if len(targets) == 1:
        return f"{' '.join(filter(None, (verb, kind, names[0])))}{group.detail}{cost}"
    # Without a kind it is the label of a button.
    listed = truncated_list(names, max_words=MAX_DELETED_NAMES if deletes and kind else MAX_NAMES)
    return f"{verb} {pluralize(len(targets), group.kind)}{group.detail}{cost}: {listed}"


def cost_text(steps: Iterable[Step]) -> str:
    """Return what steps add or save per month, as the end of a phrase; empty if that is nothing."""
    listed = [*steps]
    if any(step.usd_month is None for step in listed):
        return " at an unknown price"
    amount = sum(step.usd_month or 0.0 for step in listed)
    if not amount:
        return ""
    if all(step.verb == "create" for step in listed):
        return f" for {format_usd(amount)} a month"
    if all(step.verb == "delete" for step in listed):
        return f" (saves {format_usd(-amount)} a month)"
    return f" ({format_usd(amount, signed=True)} a month)"


def headline(plan: Plan) -> str:
    """Return a plan in one line: its account, its summary, and the number of requests."""
    account = f"{escape_unprintable(plan.account)}: " if plan.account else ""
    if plan.is_empty:
        return f"{account}nothing to change"
    return f"{account}{summary(plan)}; {pluralize(len(plan.requests()), 'request')}"


def listing(plan: Plan) -> str:
    """Return a plan as text with a line for each step, up to `MAX_LINES`."""
    lines = [f"<Plan {headline(plan)}>"]
    for chain in plan.chains:
        lines += [f"  {'  ' if number else '- '}{line}" for number, line in enumerate(chain_lines(chain))]
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"  and {len(lines) - MAX_LINES:,} more steps; see frame()"]
    return "\n".join([*lines, *(f"  {note}" for note in plan.notes)])


def chain_lines(chain: Chain) -> list[str]:
    """Return a line for each step of a chain: ``resize web-1: size s-1vcpu-1gb → s-2vcpu-4gb``."""
    lines = []
    for step in chain:
        marks = [step.unchanged, change_label(step).removeprefix(step.verb).strip(), _undo_note(step)]
        comment = ", ".join(mark for mark in marks if mark)
        targets = truncated_list(map(str, step.targets), max_words=MAX_NAMES)
        lines.append(f"{step.verb} {targets}{_change_text(step)}{f' ({comment})' if comment else ''}")
    return lines


def _undo_note(step: Step) -> str:
    if step.reversible:
        return ""
    # What a bare request does is not known.
    return "may be impossible to undo" if step.verb == BARE_REQUEST else "cannot be undone"


def _change_text(step: Step) -> str:
    before, after = value_text(step.change.before), value_text(step.change.after)
    if after is None:
        return f": {step.change.field} {escape_unprintable(before or '')}" if step.verb == "untag" else ""
    arrow = f"{escape_unprintable(before)} → " if before is not None else ""
    return f": {step.change.field} {arrow}{escape_unprintable(after)}"


def dry_run(plan: Plan) -> str:
    """Return the requests of a plan as they would be sent, separated by blank lines."""
    parts = [_dry_run_step(step) for chain in plan.chains for step in chain]
    return "\n\n".join([*parts, *(f"({note})" for note in plan.notes)])


def _dry_run_step(step: Step) -> str:
    if step.unchanged:
        return f"({step.label}: {step.unchanged}; not sent)"
    first, newline, rest = request_text(step.request).partition("\n")
    mark = f"  ({step.when})" if step.when in _CONDITIONS else ""
    return f"{first}{mark}{newline}{rest}"


def request_text(request: Request) -> str:
    """Return a request as it would be sent, with readable placeholders for unknown ids."""
    text = str(request)
    for encoded in _ENCODED_UNKNOWN_IDS:
        text = text.replace(encoded, UNKNOWN_ID)
    return text
