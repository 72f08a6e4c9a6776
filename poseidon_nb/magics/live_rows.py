"""Progress rows below a cell that did not wait: they keep updating while the next cell runs.

They share the client's one account monitor with the panels, and leave it when the last action has ended.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.actions.progress import Progress
from poseidon_nb.widgets.kernel import start_timer
from poseidon_nb.widgets.progress import ProgressModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.client.engine.execution import Execution
    from poseidon_nb.client.monitor.subscription import ActionUpdate

    Row = Mapping[str, Any]

#: Seconds between a change and its display.
ROWS_REFRESH_S = 0.2


class RowsOutput:
    """The output below a cell that shows rows: soon after each change, and at once at the end.

    Parameters
    ----------
    model : ProgressModel
    display : callable
        IPython's ``display``; only called here, on the thread of the cell.
    start_timer : callable
        Calls a function after some seconds; returns an object with ``cancel()``.
    """

    def __init__(
        self,
        model: ProgressModel,
        display: Callable[..., Any],
        start_timer: Callable[[float, Callable[[], None]], Any] = start_timer,
    ) -> None:
        self._model = model
        self._start_timer = start_timer
        self._lock = threading.Lock()
        self._timer: Any = None
        self._over = False
        # Updated by its id, so that it changes below its own cell.
        self._handle = display(model.live_bundle(), raw=True, display_id=True)

    def refresh(self) -> None:
        """Show the model soon: a poll brings news of many actions, one by one."""
        with self._lock:
            if self._timer is None and not self._over:
                self._timer = self._start_timer(ROWS_REFRESH_S, self._show)

    def _show(self) -> None:
        with self._lock:
            self._timer = None
            if not self._over:
                self._handle.update(self._model.live_bundle(), raw=True)

    def finish(self) -> None:
        """Show the model for the last time."""
        with self._lock:
            self._over = True
            if self._timer is not None:
                self._timer.cancel()
            self._handle.update(self._model.final_bundle(), raw=True)


class BackgroundRows:
    """Rows of an execution that continues after its command was interrupted or timed out.

    Parameters
    ----------
    execution : Execution
    display : callable
        IPython's ``display``; only called here, on the thread of the cell.
    """

    def __init__(self, execution: Execution, display: Callable[..., Any]) -> None:
        self._lock = threading.RLock()
        self._model = ProgressModel()
        self._model.note = "continuing in the background"
        self._execution = execution
        self._over = False
        for run in execution.chains:
            self._update_model(run)
        self._output = RowsOutput(self._model, display)
        execution.on_change = self._changed

    def _update_model(self, run: ChainRun) -> None:
        for progress in [*run.progress.values()]:
            self._model.update(progress)

    def _changed(self, _: int, run: ChainRun) -> None:
        with self._lock:
            if self._over:
                return
            self._update_model(run)
            if not self._execution.done:
                self._output.refresh()
                return
            self._over = True
            failed = [
                one.error for one in self._execution.outcomes() if one.error is not None and not one.step.best_effort
            ]
            self._model.note = f"failed: {failed[0]}" if failed else "finished in the background"
            self._output.finish()


class LiveRows:
    """Rows of actions that the command does not wait for.

    Parameters
    ----------
    client : Client
    display : callable
        IPython's ``display``; only called here, on the thread of the cell.
    actions : iterable of Action
        The actions as they were started.
    creating : iterable of mapping
        Droplets that are being created; their actions are found in the account.
    """

    def __init__(
        self,
        client: Client,
        display: Callable[..., Any],
        actions: Iterable[Action] = (),
        creating: Iterable[Row] = (),
    ) -> None:
        started, made = [*actions], [*creating]
        self._lock = threading.RLock()
        self._model = ProgressModel()
        self._wanted = {action.id for action in started}
        self._creating = {row["id"] for row in made}
        self._done: set[int] = set()
        self._over = False
        for action in started:
            self._model.update(Progress(action.id, action.label, action.status, 0.0))
        if made and not started:
            self._model.note = "creating"
        self._output = RowsOutput(self._model, display)
        with self._lock:
            # An update on another thread waits until there is a subscription to close.
            self._subscription = client.monitor.subscribe(
                self._changed, droplets=made, actions=True, on_progress=self._action_updated
            )
        for action in started:
            self._subscription.track(action)

    def _action_updated(self, update: ActionUpdate) -> None:
        action = update.action
        with self._lock:
            made = action.type == "create" and action.resource_id in self._creating
            if self._over or not (made or action.id in self._wanted):
                return
            self._model.note = ""
            self._model.update(update.progress)
            if update.error is not None and not update.progress.done:
                self._model.note = f"{action.label} is no longer tracked: {update.error}"
            if update.progress.done or update.error is not None:
                self._done.add(action.id)
            if len(self._done) >= len(self._wanted) + len(self._creating):
                self._end()
            else:
                self._output.refresh()

    def _changed(self) -> None:
        with self._lock:
            if not self._over and self._subscription.closed:
                self._model.note = "%do uses another account now; actions in progress continue"
                self._end()

    def _end(self) -> None:
        self._over = True
        self._subscription.close()
        self._output.finish()
