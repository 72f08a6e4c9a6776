"""What each operation does to the account: whether it needs confirmation, and whether it can be retried.

`effects.json` is maintained by hand and sorted by operationId. Nothing in it is derived from the specification, because
the HTTP method does not say how harmful a request is: a POST may delete, and a DELETE may only clear a cache. The key
``reads`` lists the GET operations. The key ``writes`` lists all others, one per line, as objects with these keys::

    id            the operationId; ``ID/TYPE`` for one action type, ``ID+FIELD`` if a body field is set
    like          another operation with the same effects; no other keys are allowed then
    kind          one of `EFFECT_KINDS`
    confirm       if it differs from the default: the kinds in `CONFIRMED_KINDS` need confirmation
    reversible    if it differs from the default: the kinds in `IRREVERSIBLE_KINDS` cannot be undone
    warning       a sentence for the confirmation question; by default that a deletion cannot be undone, or only by
                  creating the resource again if it is reversible
    idempotent    for PUT only: whether repeating the request changes nothing
    reason        why a PUT is idempotent or not; why a DELETE needs no confirmation

Operations on other hosts (inference, agents) are not listed: they are not part of the account's API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from poseidon_nb.catalogue.operations import unknown_operation

EffectKind: TypeAlias = Literal[
    "reads", "creates", "changes", "deletes", "replaces", "resets", "interrupts", "transfers"
]

FILE = Path(__file__).with_name("effects.json")
#: HTTP methods that change nothing.
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
EFFECT_KINDS: Final[tuple[EffectKind, ...]] = get_args(EffectKind)
#: Kinds that need confirmation.
CONFIRMED_KINDS: Final = frozenset[EffectKind]({"deletes", "replaces", "resets", "interrupts", "transfers"})
#: Kinds that no other request can undo.
IRREVERSIBLE_KINDS: Final = frozenset[EffectKind]({"deletes", "replaces", "resets", "transfers"})

#: The warning of what is irreversible, if nothing else is to be said.
IRREVERSIBLE = "This cannot be undone."
#: For what holds nothing but its settings, such as a DNS record.
_RECREATED = "To undo this, create it again; it gets a new id."


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one operation or one action type."""

    #: ``"reads"``, ``"creates"``, ``"changes"``, ``"deletes"``, ``"replaces"`` (stored data is overloaded or
    #: restored), ``"resets"`` (old credentials stop working), ``"interrupts"`` (running services are stopped) or
    #: ``"transfers"`` (to another owner).
    kind: EffectKind
    #: Whether the user must confirm it. An action that interrupts a droplet only needs this while the droplet is on,
    #: which the caller knows.
    needs_confirmation: bool = False
    #: One or two sentences for the confirmation question; may be empty.
    warning: str = ""
    #: Whether another request can undo it.
    reversible: bool = True
    #: Whether a PUT can be sent again if its response was lost. False for other methods.
    idempotent: bool = False
    #: Why a PUT is idempotent or not, or why a DELETE needs no confirmation; otherwise empty.
    reason: str = ""


def effect_of(operation_id: str, body: object = None) -> Effect:
    """Return the effect of an operation on the account.

    Parameters
    ----------
    operation_id : str
    body : object, optional
        The request body. For action endpoints it selects the effect of its ``type``; unknown types need confirmation.

    Raises
    ------
    NoSuchName
        The account's API has no such operation; ``nearest`` holds the closest matches.
    """
    known = _effects()
    if operation_id not in known:
        raise unknown_operation(operation_id, known)
    cases = known[operation_id]
    fields: Mapping[Any, Any] = body if isinstance(body, Mapping) else {}
    type_ = f"/{fields.get('type', '')}"
    key = type_ if type_ in cases else ""
    for case in cases:
        start, plus, field = case.partition("+")
        # Zero is a value too: a node pool may be scaled to no nodes.
        if plus and start == key and fields.get(field) is not None and fields[field] is not False:
            return cases[case]
    return cases[key]


def is_retryable(method: str, operation_id: str) -> bool:
    """Check whether a request can be retried after it may have arrived: reads and idempotent PUTs can.

    Parameters
    ----------
    method : str
    operation_id : str
        Empty if the path belongs to no operation. Such a PUT is never retried.
    """
    if method in SAFE_METHODS:
        return True
    return method == "PUT" and operation_id in _effects() and effect_of(operation_id).idempotent


def effects() -> Mapping[str, Effect]:
    """Return all effects by key, for example ``"droplets_list"`` or ``"dropletActions_post/resize+disk"``."""
    return {f"{id_}{case}": effect for id_, cases in _effects().items() for case, effect in cases.items()}


@cache
def _effects() -> Mapping[str, Mapping[str, Effect]]:
    """Return the effects by operation and case: ``""`` is the default, others are ``"/resize"``, ``"/resize+disk"``."""
    loaded = json.loads(FILE.read_bytes())
    reads = Effect("reads")
    found: dict[str, dict[str, Effect]] = {id_: {"": reads} for id_ in loaded["reads"]}
    like: dict[str, str] = {}
    for row in loaded["writes"]:
        id_ = row["id"]
        end = min((at for at in (id_.find("/"), id_.find("+")) if at >= 0), default=len(id_))
        if "like" in row:
            like[id_] = row["like"]
        else:
            found.setdefault(id_[:end], {})[id_[end:]] = _effect(row)
    return {**found, **{id_: found[other] for id_, other in like.items()}}


def _effect(row: Mapping[str, Any]) -> Effect:
    kind: EffectKind = row["kind"]
    reversible = row.get("reversible", kind not in IRREVERSIBLE_KINDS)
    needs_confirmation = row.get("confirm", kind in CONFIRMED_KINDS)
    default = _RECREATED if kind == "deletes" and reversible else "" if reversible else IRREVERSIBLE
    warning = row.get("warning", default if needs_confirmation else "")
    return Effect(kind, needs_confirmation, warning, reversible, row.get("idempotent", False), row.get("reason", ""))
