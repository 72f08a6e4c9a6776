"""Changes of a JSON document at random: one place holds something else, is missing, or moves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

MUTATIONS = ("type", "null", "missing", "extra", "reordered", "truncated", "rows")
#: What a field may hold in place of its value.
OTHERS: tuple[Any, ...] = (
    *(0, -1, 2**70, 1.5, True, False, "", "x", "12", "2018-09-28T19:26:37", "nan", [], [1], ["x"], {}, {"a": 1}),
    *([[]], [{}], {"slug": 5}, "\x1b[2J", "é" * 300, 10**30),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a JSON document."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(place for key, child in children for place in _places(child, (*path, key)))]


def mutated(answer: Any, rng: random.Random, others: tuple[Any, ...] = OTHERS) -> tuple[str, bytes, Any]:
    """Return what was done, the bytes, and the JSON in them; None for bytes that are no JSON."""
    answer = json.loads(json.dumps(answer))
    kind = rng.choice(MUTATIONS)
    place = rng.choice(_places(answer) or [()])
    if not place:
        return "nothing", json.dumps(answer).encode(), answer
    if kind == "truncated":
        body = json.dumps(answer).encode()
        return kind, body[: rng.randrange(len(body))], None
    holder = answer
    for key in place[:-1]:
        holder = holder[key]
    if kind == "type":
        holder[place[-1]] = rng.choice(others)
    else:
        _CHANGES[kind](answer, holder, place[-1], rng)
    return f"{kind} at {place}", json.dumps(answer).encode(), answer


def _empty(_: Any, holder: Any, key: Any, __: random.Random) -> None:
    holder[key] = None


def _remove(_: Any, holder: Any, key: Any, __: random.Random) -> None:
    del holder[key]


def _add(_: Any, holder: Any, __: Any, rng: random.Random) -> None:
    if isinstance(holder, dict):
        holder[f"new_{rng.randrange(9)}"] = rng.choice(OTHERS)
    else:
        holder.insert(rng.randrange(len(holder) + 1), rng.choice(OTHERS))


def _reorder(_: Any, holder: Any, __: Any, rng: random.Random) -> None:
    items = [*holder.items()] if isinstance(holder, dict) else holder
    rng.shuffle(items)
    if isinstance(holder, dict):
        holder.clear()
        holder.update(items)


def _change_rows(answer: Any, _: Any, __: Any, rng: random.Random) -> None:
    lists = (
        [value for value in answer.values() if isinstance(value, list) and value] if isinstance(answer, dict) else []
    )
    rows = rng.choice(lists) if lists else []
    if rows and rng.random() < 0.5:
        del rows[rng.randrange(len(rows))]
    elif rows:
        rows.append(json.loads(json.dumps(rng.choice(rows))))


_CHANGES = {
    "null": _empty,
    "missing": _remove,
    "extra": _add,
    "reordered": _reorder,
    "rows": _change_rows,
}
