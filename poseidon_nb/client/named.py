"""One thing by its name: the name must fit exactly one, and what it nearly fits is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from poseidon_nb.errors import AmbiguousName, NoSuchName
from poseidon_nb.text import close_matches, did_you_mean, is_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from poseidon_nb.client.resource import Resource

#: Letters of a name that a message repeats; no name that DigitalOcean takes is longer.
LONGEST = 255

R = TypeVar("R", bound="Resource")


def only_one(noun: str, name: str, found: Sequence[R], names: Callable[[], Iterable[str]]) -> R:
    """Give the only thing that was found under a name.

    Parameters
    ----------
    noun : str
        What it is, for the message: ``"droplet"``.
    name : str
        The name asked for.
    found : sequence
        What has the name.
    names : callable
        Returns the names that there are; asked only when none fits.

    Raises
    ------
    NoSuchName, AmbiguousName
        None has the name, or several have.
    """
    if len(found) == 1:
        return found[0]
    if found:
        ids = sorted(str(one["id"]) for one in found)
        numbers = [int(one) for one in ids if is_integer(one)]
        listed = ", ".join(ids)
        raise AmbiguousName(f"{len(ids)} {noun}s are named {name!r}: say which by id: {listed}", name=name, ids=numbers)
    known = sorted(set(names()))
    shown = repr(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…")
    raise NoSuchName(
        f"no {noun} named {shown}{did_you_mean(name, known)}", name=name, nearest=close_matches(name, known)
    )
