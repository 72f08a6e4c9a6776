"""A running droplet is shut down, something is done to it, and it runs again: also when that something fails.

One road for every action that wants a droplet off, so that none of them leaves it off in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poseidon_nb.client.connection import explained
from poseidon_nb.client.droplets.steps import Step
from poseidon_nb.errors import ActionError, ActionTimedOut, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.droplets.acting import DropletActions
    from poseidon_nb.client.droplets.droplet import Droplet

#: How long a system gets to obey a shutdown before its power is cut, in seconds.
OBEY_S = 120.0
LOOK_AT_IT = "look whether it has to be powered on"


@dataclass(frozen=True, slots=True)
class _Words:
    """What messages say of an action: that it was not done, is being done, and was done."""

    undone: str
    doing: str
    done: str


_WORDS: Mapping[str, _Words] = {
    "resize": _Words("not resized", "was being resized", "has its new size"),
    "snapshot": _Words("no snapshot was taken", "was having its snapshot taken", "has its snapshot"),
}


class Restart:
    """One step on one droplet, with a restart around it if the droplet runs.

    Parameters
    ----------
    acting : DropletActions
    droplet : Droplet
    step : Step
        What wants the droplet off.
    timeout_s : float or None
        Seconds, for each action.
    on_progress : callable or None
    """

    def __init__(
        self,
        acting: DropletActions,
        droplet: Droplet,
        step: Step,
        *,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> None:
        self._acting = acting
        self._droplet = droplet
        self._step = step
        self._words = _WORDS[step.type]
        self._timeout_s = timeout_s
        self._on_progress = on_progress

    def run(self, check: Callable[[], None] | None = None) -> Action:
        """Do it, and give the step's own action, completed.

        Parameters
        ----------
        check : callable, optional
            Refuses what cannot work, while the droplet is still untouched.

        Raises
        ------
        PoseidonError
            Something failed; the message says in which state the droplet was left.
        """
        # What runs on it now may be switching it on or off.
        self._acting.wait_idle(self._droplet, timeout_s=self._timeout_s, on_progress=self._on_progress)
        if check is not None:
            check()
        if not self._droplet.active:
            return self._act(self._step)
        name = self._droplet.name
        try:
            try:
                self._switch_off()
            except PoseidonError as failure:
                explained(failure, f"{self._words.undone}, and {name} may be going off: {LOOK_AT_IT}")
                raise
            return self._act_and_start()
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"{name} {self._words.doing} with a restart: {LOOK_AT_IT}")
            raise

    def _switch_off(self) -> None:
        try:
            self._act(Step("shutdown", {}), min(self._timeout_s or OBEY_S, OBEY_S))
        except ActionError:
            self._acting.wait_idle(self._droplet, timeout_s=self._timeout_s, on_progress=self._on_progress)
        if self._droplet.refresh().active:
            self._act(Step("power_off", {}))

    def _act_and_start(self) -> Action:
        name = self._droplet.name
        try:
            action = self._act(self._step)
        except PoseidonError as failure:
            # It was running when we came; it must not stay off because this was refused.
            try:
                self._switch_on()
            except PoseidonError as second:
                explained(failure, f"{name} is still off, for power_on failed too: {second}")
            raise
        try:
            self._switch_on()
        except PoseidonError as failure:
            explained(failure, f"{name} {self._words.done} and may still be off: {LOOK_AT_IT}")
            raise
        return action

    def _switch_on(self) -> None:
        action = self._act(Step("power_on", {}))
        if not self._droplet.active:
            raise ActionTimedOut(
                f"{action.label} completed, and {self._droplet.name} still reads {self._droplet.status}", action=action
            )

    def _act(self, step: Step, timeout_s: float | None = None) -> Action:
        return self._acting.act(
            self._droplet, step, wait=True, timeout_s=timeout_s or self._timeout_s, on_progress=self._on_progress
        )
