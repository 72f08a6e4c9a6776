"""A plan as text: in one sentence, as a list of steps, and as the requests of a dry run. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.own_tags import CLAIM_PREFIX, FROZEN
from poseidon_nb.client.engine.steps import When
from poseidon_nb.masking import HIDDEN, mask
from poseidon_nb.plans.step_effects import step_effect
from poseidon_nb.text import escape_unprintable, format_usd, join_words, pluralize, truncated_list

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
#: Beside a step.
CANNOT_BE_UNDONE = "cannot be undone"
#: The verb of a step that is a bare request.
BARE_REQUEST = "api"
#: The word between a verb and the new value, by the field that changes.
_PREPOSITIONS = {"size": "to", "name": "to", "image": "from image", "snapshot": "as", "tags": "with"}
#: Fields of a body that say where a change leads, if they are alone.
_AIMS = frozenset({"region", "size", "version"})
#: Operations whose verb says what their body says.
_BODY_IN_VERB = frozenset({"dropletActions_post", "tags_assign_resources", "tags_unassign_resources"})
#: The conditions that tables and dry runs show.
_CONDITIONS = frozenset({When.IF_NEEDED, When.ON_FAILURE})
_PHRASES = {
    "add_to": "add to",
    "shutdown": "shut down",
    "take_snapshot": "snapshot",
    "enable_ipv6": "enable IPv6",
    # What else these delete is in their warnings.
    "delete-dangerous": "delete",
    "destroy-associated-resources-dangerous": "delete",
    "destroy-associated-resources-selective": "delete",
    "destroy-retry-with-associated-resources": "delete",
    "destroy-with-associated-resources-dangerous": "delete",
    "destroy-with-associated-resources-selective": "delete",
    "post-account-transfer-accept": "accept",
    "post-account-transfer-create": "transfer",
    "post-restore-backup": "restore",
    "rollback-to-agent-version": "roll back",
}
#: Verbs that take something away from what they act on.
_TAKES_AWAY = frozenset({"detach", "remove"})
#: Verbs that end what they act on, whatever else their name says.
_DELETES = frozenset({"delete", "destroy"})
#: Verbs with a word that is not the name of a thing: ``delete-by-name``.
_BY = re.compile(r"-by-.*")
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
    return "; ".join(_group_text(group, group.kind) for group in _step_groups(plan))


def short_summary(plan: Plan) -> str:
    """Return the summary for a button: ``power off web-1``. The names of snapshots, one for each droplet, are left out."""
    return "; ".join(_group_text(group, "") for group in _step_groups(plan, short=True))


def command_verbs(chain: Chain) -> list[str]:
    """Return what a chain does as verbs of ``%do``: ``resize --restart``."""
    restart = " --restart" if _has_restart(chain) else ""
    return [f"{step.verb}{restart}" for step in main_steps(chain)]


def verb_phrase(verb: str) -> str:
    """Return a verb in plain English: ``power off``, ``shut down``, ``snapshot``."""
    return _PHRASES.get(verb, verb.replace("_", " ").replace("-", " "))


def _verb_and_kind(verb: str, kind: str) -> str:
    """Return a verb with what it acts on: ``delete user`` for ``delete-user``, ``reset auth of user`` for ``reset-auth``."""
    verb = _BY.sub("", verb)
    phrase = verb_phrase(verb)
    if verb in _PHRASES or "-" not in verb or not kind:
        return " ".join(filter(None, (phrase, kind)))
    does, what = phrase.split(" ", 1)
    noun = kind.casefold()
    is_same = f" {what}".removesuffix("s").endswith(f" {noun}") or f" {noun}".endswith(f" {what}")
    if is_same or does in _DELETES:
        return f"{does} {kind}"
    return f"{phrase} {'from' if does in _TAKES_AWAY else 'of'} {kind}"


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
            groups.setdefault((_shown_verb(step), kind, detail), []).append(step)
    return [_StepGroup(*key, tuple(steps)) for key, steps in groups.items()]


def _shown_verb(step: Step) -> str:
    """Return the verb of a step; of an action its type."""
    body, known = step.request.body, step.request.operation_id
    type_ = body.get("type") if isinstance(body, dict) else None
    is_action = bool(known) and step.verb != type_ and step.request.path.endswith("/actions")
    return type_ if is_action and isinstance(type_, str) and known != "dropletActions_post" else step.verb


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
        text = _body_text(step)
        detail = f" {escape_unprintable(text if len(text) <= MAX_BODY_CHARS else text[: MAX_BODY_CHARS - 1] + '…')}"
        detail = detail.rstrip()
    if step.owner:
        detail = f" of {escape_unprintable(step.owner)}{detail}"
    if _has_restart(chain):
        detail += " with a restart"
    return f"{detail}, including the disk" if isinstance(body, dict) and body.get("disk") is True else detail


def _body_text(step: Step) -> str:
    """Return what a request sets: ``to fra1``, or ``with size db-s-2vcpu-4gb and num_nodes 2``."""
    body = mask(step.request.body, replacement=HIDDEN)
    if not isinstance(body, dict) or step.verb == BARE_REQUEST:
        return json.dumps(body, ensure_ascii=False)
    words = {name: _field_text(value) for name, value in body.items() if name != "type" or _shown_verb(step) != value}
    if len(words) == 1 and (aim := next(iter(words))) in _AIMS:
        return f"to {words[aim]}"
    return f"with {join_words(f'{name} {word}' for name, word in words.items())}" if words else ""


def _field_text(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(one, str | int) for one in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _group_text(group: _StepGroup, kind: str) -> str:
    targets, cost = group.targets, cost_text(group.steps)
    # Before a delete, the user should also see the id.
    deletes = any(step.request.method == "DELETE" for step in group.steps)
    path = group.steps[0].request.target
    names = [escape_unprintable(str(one) if deletes and one.id != path else one.name) for one in targets]
    if group.verb == BARE_REQUEST:
        return f"{names[0]}{group.detail}{cost}"
    if len(targets) == 1:
        # What has no name is named by its kind.
        name = "" if targets[0].name == path else names[0]
        words = _verb_and_kind(group.verb, kind) if name or "-" not in group.verb else verb_phrase(group.verb)
        return f"{' '.join(filter(None, (words, name)))}{group.detail}{cost}"
    # Without a kind it is the label of a button.
    listed = truncated_list(names, max_words=MAX_DELETED_NAMES if deletes and kind else MAX_NAMES)
    words = _verb_and_kind(group.verb, group.kind).removesuffix(group.kind)
    return f"{words}{pluralize(len(targets), group.kind)}{group.detail}{cost}: {listed}"


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
    effect = step_effect(step)
    # What a bare request does is not known.
    is_bare = step.verb == BARE_REQUEST
    if step.reversible or (effect.reversible and not is_bare):
        return ""
    return "may be impossible to undo" if is_bare or "may not be possible" in effect.warning else CANNOT_BE_UNDONE


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
