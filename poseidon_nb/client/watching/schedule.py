"""What is read next of an account that is followed, and when: a plain class that asks nothing itself.

Idle panels cost one request in `EVERY_S` seconds. In an account of one page of droplets the list and the newest actions
take turns, for neither tells everything: tags change, and a system switches itself off, without an action; and a
snapshot that runs changes nothing in its droplet's row, which does not even say that it is locked. But each is a hint
for the other: an action that appeared or ended has the list read at once, and a row that changed the newest actions. So
what happens elsewhere shows within `EVERY_S` seconds where both tell of it, and within twice that where one does. Where
no droplet is of interest, it is always the actions.

In a larger account it is the newest actions, and the whole list is read only when one of them appeared or ended, or
`WHOLE_S` after the last time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from poseidon_nb.client.watching.account_reading import Kind

#: How often an account is asked while nothing runs, in seconds.
EVERY_S = 15.0
#: After how long everything is read again although nothing was seen to happen, in seconds: tags change without an action.
WHOLE_S = 300.0
#: While things end one after another, a long list is not read again at once for each, in seconds.
LIST_SPACING_S = 2.0
#: When an account cannot be asked it is tried again after this, and then after ever longer, in seconds.
FIRST_RETRY_S = 5.0
MOST_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class Look:
    """One thing to read.

    Parameters
    ----------
    what : str
        The newest actions, lists of droplets, or some droplets by id.
    kinds : tuple of str
        Which lists.
    whole : bool
        All of a list, and not only a look whether it is longer than a page.
    ids : frozenset of int
        Which droplets.
    anew : bool
        What the newest actions show is no news.
    in_turn : bool
        Nothing was seen to happen; it was only time.
    """

    what: Literal["actions", "lists", "ids"]
    kinds: tuple[Kind, ...] = ()
    whole: bool = True
    ids: frozenset[int] = frozenset()
    anew: bool = False
    in_turn: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What is of interest, and what is known, when something is to be read.

    Parameters
    ----------
    wants_all : bool
        All droplets are of interest.
    ids : frozenset of int
        Droplets that are of interest by themselves.
    known : collection of int
        Droplets that are known.
    kinds : collection of str
        The lists in which those stand that are of interest.
    large : bool
        There is more than one page of droplets.
    read_s : mapping
        When each list was last read whole.
    """

    wants_all: bool
    ids: frozenset[int]
    known: Collection[int]
    kinds: Collection[Kind]
    large: bool
    read_s: Mapping[Kind, float]

    def is_old(self, kind: Kind, now_s: float) -> bool:
        """Say whether a list has not been read whole for long."""
        return now_s - self.read_s.get(kind, -WHOLE_S) >= WHOLE_S

    @property
    def list_due_s(self) -> float:
        """From when on the list may be read again."""
        return self.read_s.get("droplets", -LIST_SPACING_S) + (LIST_SPACING_S if self.large else 0.0)


class Schedule:
    """Says what is read next.

    Parameters
    ----------
    now_s : float
        The clock's seconds.
    """

    def __init__(self, now_s: float) -> None:
        #: Nobody has looked for a while: what is read now is not news.
        self._anew = True
        self._actions_due = True
        self._all_due = False
        self._ids_due: set[int] = set()
        self._second_look: set[int] = set()
        self._next_s = 0.0
        self._ids_read_s = now_s
        self._not_before_s = 0.0
        self._retry_s = FIRST_RETRY_S
        self._turn = 0

    # --- what happens ------------------------------------------------------------------------------------------------
    def began(self, *, anew: bool) -> None:
        """Somebody has come, or come back, and wants to see what runs."""
        self._actions_due = True
        self._anew = self._anew or anew

    def want(self, ids: Iterable[int] = (), *, everything: bool = False) -> None:
        """Have these droplets read soon, or all."""
        self._ids_due.update(ids)
        self._all_due = self._all_due or everything

    def acted_upon(self, droplet_id: int) -> None:
        """Have read again what an action that appeared or ended may have changed."""
        self.want([droplet_id], everything=True)
        # A droplet may read as before for seconds after its action has completed.
        self._second_look.add(droplet_id)

    # --- what is due -------------------------------------------------------------------------------------------------
    def held_up_s(self, now_s: float) -> float:
        """For how long the account is left alone because it could not be asked; usually not at all."""
        return max(0.0, self._not_before_s - now_s)

    def due_s(self, now: Situation) -> float:
        """When there is something to read, in the clock's seconds."""
        if self._actions_due or (not now.wants_all and self._ids_due & now.ids):
            return self._not_before_s
        due_s = min(self._next_s, now.list_due_s) if self._all_due and now.wants_all else self._next_s
        return max(due_s, self._not_before_s)

    def take(self, now: Situation, now_s: float) -> Look | None:
        """Give what is to be read now, and count it as read, so that what happens meanwhile is read again."""
        if now_s < self.due_s(now):
            return None
        if self._actions_due:
            anew, self._actions_due, self._anew = self._anew, False, False
            return Look("actions", anew=anew)
        if now.wants_all:
            if self._all_due and now_s >= now.list_due_s:
                return self._all(now, now_s)
        else:
            ids, self._ids_due = frozenset(self._ids_due & now.ids), set()
            if ids:
                return Look("ids", ids=ids)
        return self._in_turn(now, now_s)

    def _all(self, now: Situation, now_s: float) -> Look:
        self._all_due = False
        self._ids_due.clear()
        # `droplets_list` leaves GPU droplets out.
        gpus = now.is_old("gpus", now_s) or "gpus" in now.kinds
        return Look("lists", ("droplets", "gpus") if gpus else ("droplets",))

    def _in_turn(self, now: Situation, now_s: float) -> Look:
        self._turn += 1
        second_look, self._second_look = frozenset(self._second_look.intersection(now.known)), set()
        if now.large:
            return self._in_turn_of_many(now, now_s, second_look)
        # In a small account the list has its turn anyway, which is the second look.
        if self._turn % 2 == 0 or not (now.wants_all or now.ids):
            return Look("actions", in_turn=True)
        if now.wants_all and now.is_old("gpus", now_s):
            return Look("lists", ("gpus",), in_turn=True)
        if "gpus" in now.kinds and (len(now.kinds) == 1 or self._turn % 4 == 3):  # noqa: PLR2004  # every other of these turns
            return Look("lists", ("gpus",), whole=now.wants_all, in_turn=True)
        return Look("lists", ("droplets",), whole=now.wants_all, in_turn=True)

    def _in_turn_of_many(self, now: Situation, now_s: float, second_look: frozenset[int]) -> Look:
        if second_look:
            return Look("ids", ids=second_look, in_turn=True)
        if now.wants_all and now.is_old("droplets", now_s):
            return self._all(now, now_s)
        if now.ids and not now.wants_all and now_s - self._ids_read_s >= WHOLE_S:
            self._ids_read_s = now_s
            return Look("ids", ids=now.ids, in_turn=True)
        return Look("actions", in_turn=True)

    # --- what became of it -------------------------------------------------------------------------------------------
    def done(self, look: Look, now_s: float, *, changed: bool) -> None:
        """Say that something was read, and whether a droplet of interest was not as before."""
        self._next_s = now_s + EVERY_S
        # Where an action was seen to cause it, there is nothing to find.
        self._actions_due = self._actions_due or (changed and look.in_turn and look.what == "lists")

    def undone(self, look: Look) -> None:
        """Say that something could not be read: it stays due."""
        if look.what == "actions":
            self._actions_due = True
            self._anew = self._anew or look.anew
        else:
            self.want(look.ids, everything=look.what == "lists" and look.whole)

    def failed(self, now_s: float) -> None:
        """Say that the account cannot be asked: it is left alone for a while."""
        self._not_before_s = now_s + self._retry_s
        self._retry_s = min(MOST_RETRY_S, 2 * self._retry_s)

    def went_well(self) -> None:
        """Say that the account can be asked."""
        self._retry_s = FIRST_RETRY_S
