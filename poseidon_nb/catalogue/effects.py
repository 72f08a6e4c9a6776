"""What every operation of the account's API does to the account, as data: what asks first, and what may be sent twice.

`effects.json` places all operations by hand, in the order of their ids, those that act one a line; nothing in it is derived from the
specification, because a method does not tell harm: a POST may delete, a DELETE may only clear a cache. Under ``reads``
stand the GETs, under ``acts`` all others, as objects with these keys::

    id            the operationId; ``ID/TYPE`` for one type of action, ``ID+FIELD`` if a field of the body is set
    like          the operation whose lines hold for this one too; then nothing else
    kind          what it does, one of `KINDS`
    asks          left out where the kind decides: all kinds in `ASKING` ask
    reversible    left out where the kind decides: no kind in `LASTING` can be undone
    warning       a sentence for the question
    repeatable    of a PUT only: whether a second arrival does no more than the first
    reason        why a PUT may or may not be repeated; why a DELETE does not ask

Operations at other hosts (inference, agents) have no line: they are not part of the account's API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from poseidon_nb.errors import NoSuchName
from poseidon_nb.text import close_matches, did_you_mean

Kind: TypeAlias = Literal["reads", "creates", "changes", "deletes", "replaces", "resets", "interrupts", "transfers"]

FILE = Path(__file__).with_name("effects.json")
#: Methods that change nothing.
READING: Final = frozenset({"GET", "HEAD"})
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
#: What is deleted, overwritten, invalidated, interrupted or given away is asked about.
ASKING: Final = frozenset[Kind]({"deletes", "replaces", "resets", "interrupts", "transfers"})
#: What cannot be undone by another request.
LASTING: Final = frozenset[Kind]({"deletes", "replaces", "resets", "transfers"})

_UNDOABLE = "This cannot be undone."


@dataclass(frozen=True, slots=True)
class Effect:
    """What one operation, or one type of action, does."""

    #: ``"reads"``, ``"creates"``, ``"changes"``, ``"deletes"``, ``"replaces"`` (what is stored is overwritten or
    #: restored), ``"resets"`` (old credentials stop working), ``"interrupts"`` (what runs is stopped or disturbed) or
    #: ``"transfers"`` (to another owner).
    kind: Kind
    #: Whether a person is asked first. For an action that interrupts a droplet this holds while the droplet runs: the
    #: caller knows its status.
    asks: bool = False
    #: One plain sentence or two for the question; empty where there is nothing to warn of.
    warning: str = ""
    #: Whether another request can undo it.
    reversible: bool = True
    #: Whether a PUT may be sent again when its answer was lost. False for every other method.
    repeatable: bool = False
    #: Why a PUT may be repeated or not, or why a DELETE does not ask; empty for all others.
    reason: str = ""


def effect_of(operation_id: str, body: object = None) -> Effect:
    """Return what an operation does to the account.

    Parameters
    ----------
    operation_id : str
    body : object, optional
        The body that is to be sent. Operations that take a ``type`` of action are told apart by it; an unknown type
        asks.

    Raises
    ------
    NoSuchName
        There is no such operation in the account's API; the error names the nearest.
    """
    known = _effects()
    if operation_id not in known:
        message = f'no operation "{operation_id}" in the account\'s API{did_you_mean(operation_id, known)}'
        raise NoSuchName(message, name=operation_id, nearest=close_matches(operation_id, known))
    cases = known[operation_id]
    fields: Mapping[Any, Any] = body if isinstance(body, Mapping) else {}
    type_ = f"/{fields.get('type', '')}"
    key = type_ if type_ in cases else ""
    for case in cases:
        start, plus, field = case.partition("+")
        # No nodes at all is a number, too.
        if plus and start == key and fields.get(field) is not None and fields[field] is not False:
            return cases[case]
    return cases[key]


def may_repeat(method: str, operation_id: str) -> bool:
    """Check whether a request may be sent again after it may have arrived: reads may, and PUTs that are marked so.

    Parameters
    ----------
    method : str
    operation_id : str
        Empty for a request to a path that is no operation's; a PUT to one is never repeated.
    """
    if method in READING:
        return True
    return method == "PUT" and operation_id in _effects() and effect_of(operation_id).repeatable


def effects() -> Mapping[str, Effect]:
    """Return all entries by their key: ``"droplets_list"``, ``"dropletActions_post/resize+disk"``."""
    return {f"{id_}{case}": effect for id_, cases in _effects().items() for case, effect in cases.items()}


@cache
def _effects() -> Mapping[str, Mapping[str, Effect]]:
    """Return the effects by operation, then by case: ``""`` in general, ``"/resize"``, ``"/resize+disk"``."""
    written = json.loads(FILE.read_bytes())
    reads = Effect("reads")
    found: dict[str, dict[str, Effect]] = {id_: {"": reads} for id_ in written["reads"]}
    like: dict[str, str] = {}
    for row in written["acts"]:
        id_ = row["id"]
        end = min((at for at in (id_.find("/"), id_.find("+")) if at >= 0), default=len(id_))
        if "like" in row:
            like[id_] = row["like"]
        else:
            found.setdefault(id_[:end], {})[id_[end:]] = _effect(row)
    return {**found, **{id_: found[other] for id_, other in like.items()}}


def _effect(row: Mapping[str, Any]) -> Effect:
    kind: Kind = row["kind"]
    reversible = row.get("reversible", kind not in LASTING)
    asks = row.get("asks", kind in ASKING)
    warning = row.get("warning", "" if reversible or not asks else _UNDOABLE)
    return Effect(kind, asks, warning, reversible, row.get("repeatable", False), row.get("reason", ""))
