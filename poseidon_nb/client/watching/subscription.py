"""What somebody who follows an account holds in the hand, and is told."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.watching.watch import Watch
    from poseidon_nb.errors import PoseidonError

    Row = Mapping[str, Any]

_log = logging.getLogger("poseidon_nb")


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of an account now.

    Parameters
    ----------
    droplets : mapping
        Rows by id, as the API sends them, in the order served. All of them only where `complete`.
    actions : tuple
        Rows, newest first.
    complete : bool
        Whether all droplets are known.
    gone : frozenset of int
        Droplets that were known, and are no more.
    error : PoseidonError or None
        Why the account cannot be asked now. It is tried again.
    note : str
        What holds it up: a pause for the rate limit.
    """

    droplets: Mapping[int, Row]
    actions: tuple[Row, ...] = ()
    complete: bool = False
    gone: frozenset[int] = frozenset()
    error: PoseidonError | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """News of an action that runs, or has just ended.

    Parameters
    ----------
    action : Action
    progress : Progress
    error : PoseidonError or None
        Why it did not end well, or why it is followed no further.
    """

    action: Action
    progress: Progress
    error: PoseidonError | None


class Subscription:
    """One panel's part in a `Watch`.

    Attributes
    ----------
    ids : frozenset of int or None
        The droplets of interest; None is all.
    paused : bool
        Nobody has used it for so long that it does not ask any more; `resume` goes on.
    closed : bool
        It was closed, or the account was left.
    """

    def __init__(
        self,
        watch: Watch,
        ids: frozenset[int] | None,
        on_change: Callable[[], None],
        on_progress: Callable[[Followed], None] | None,
        *,
        actions: bool,
    ) -> None:
        self._watch = watch
        self.ids = ids
        self.on_change = on_change
        self.on_progress = on_progress
        self.actions = actions
        self.is_new = True
        self.paused = False
        self.closed = False
        self.touched_s = 0.0
        self._has_failed = False

    @property
    def state(self) -> AccountState:
        """What is known of the account now."""
        return self._watch.state

    def covers(self, action: Mapping[str, Any] | Action) -> bool:
        """Say whether an action is of interest."""
        on_one = action.get("resource_type") == "droplet" and (
            self.ids is None or action.get("resource_id") in self.ids
        )
        return self.actions or on_one

    def tell_change(self) -> None:
        """Call `on_change`."""
        self._tell(self.on_change)

    def tell_progress(self, followed: Followed) -> None:
        """Call `on_progress`, if there is one."""
        if self.on_progress is not None:
            self._tell(self.on_progress, followed)

    def _tell(self, callback: Callable[..., None], *news: Followed) -> None:
        try:
            callback(*news)
        except Exception:  # noqa: BLE001  # a panel is free to fail, in whatever way
            # That must not cost the others their news. It is said once, for there is news several times a second.
            if not self._has_failed:
                self._has_failed = True
                _log.exception("a panel failed at what it was told of its account")

    def touch(self) -> None:
        """Say that somebody uses it; one that is paused goes on."""
        if self.paused:
            self.resume()
        self.touched_s = self._watch.now_s()

    def resume(self) -> None:
        """Go on after a pause."""
        if not self.closed:
            self._watch.begin(self)

    def follow(self, action: Action) -> None:
        """Tell `on_progress` how an action goes that was just started."""
        self._watch.follow(action)

    def look_again(self) -> None:
        """Have what is of interest read again soon."""
        self._watch.look_again(self.ids or ())

    def close(self) -> None:
        """Take no more part."""
        self.closed = True
        self._watch.end(self)
