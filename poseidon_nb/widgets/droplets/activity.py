"""The requests of a panel of droplets: their execution in the background, their progress, and retries. No widgets here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import pluralize
from poseidon_nb.widgets.droplets.bulk_progress import BulkProgress
from poseidon_nb.widgets.droplets.lifetime import LIFETIME_VERBS, DropletLifetime
from poseidon_nb.widgets.models import AccountModel, error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.chain_run import ChainRun
    from poseidon_nb.widgets.droplets.fleet import Fleet
    from poseidon_nb.widgets.droplets.requests import BulkRequest

    Row = Mapping[str, Any]
    OnRowChange = Callable[[BulkProgress, int], None]

#: Requests whose progress stays visible; older ones are in the account's actions.
MAX_REQUESTS = 6


class DropletsActivity(AccountModel, ABC):
    """The requests that were started, newest first.

    Parameters
    ----------
    client : Client
    fleet : Fleet
    on_change, on_row_change : callable
        As in `DropletsModel`.
    """

    def __init__(self, client: Client, fleet: Fleet, on_change: Callable[[], None], on_row_change: OnRowChange) -> None:
        super().__init__(client, on_change)
        self.fleet, fleet.account = fleet, self.account
        self.lifetime = DropletLifetime(client, fleet)
        self._on_row_change = on_row_change
        self._activity: list[BulkProgress] = []
        #: The last event to announce to screen readers.
        self.announcement = ""
        #: Why the last retry, or a plan that is not right any more, did nothing.
        self.retry_notice = ""

    @abstractmethod
    def disabled_reason(self) -> str:
        """Return why nothing can be requested now; empty if something can."""

    @abstractmethod
    def _touch(self) -> None:
        """Note that the panel was used."""

    @abstractmethod
    def _load(self, load: Callable[[], None]) -> None:
        """Load in the background what a form or a request needs."""

    @property
    def activity(self) -> list[BulkProgress]:
        """The progress of requests, newest first."""
        with self._lock:
            return self._activity[::-1]

    def retry(self, progress: BulkProgress) -> None:
        """Retry a request for the droplets where it failed and is possible now."""
        self._touch()
        verb, ids = progress.request.verb, progress.retryable_keys
        rows = [] if self.disabled_reason() else self.fleet.claim(ids, verb)
        if rows and verb in LIFETIME_VERBS:
            self._load(partial(self._retry_built, progress, [row["id"] for row in rows]))
        elif rows:
            # The loaded sizes may be out of date, and the service decides what fits.
            self._restart(progress, replace(progress.request, droplets=tuple(rows), sizes={}))
        elif ids:
            reason = self.disabled_reason() or f"{self.fleet.ineligible_reason(verb, ids)}."
            self.retry_notice = f"Not retried: {reason}"
        self._on_change()

    def _restart(self, progress: BulkProgress, request: BulkRequest) -> None:
        progress.restart(row["id"] for row in request.droplets)
        self.announcement = f"{progress.request.title}: retrying {pluralize(len(request.droplets), 'droplet')}"
        self._execute(progress, request)

    def _retry_built(self, progress: BulkProgress, ids: list[int]) -> None:
        """Build the plan of a request again for some droplets, which may have changed, and execute it."""
        request = progress.request
        try:
            built = self.lifetime.build(request.verb, ids, request.value)
        except PoseidonError as error:
            self.retry_notice = f"Not retried: {error_text(error)}"
            built = None
        for droplet_id in {*ids} - {row["id"] for row in (built.droplets if built is not None else ())}:
            self.fleet.release(droplet_id)
        if built is not None:
            self._restart(progress, built)
        self._on_change()

    def dismiss(self, progress: BulkProgress) -> None:
        """Remove the progress of a request that has ended."""
        with self._lock:
            if progress.ended and progress in self._activity:
                self._activity.remove(progress)
        self._on_change()

    def _start(self, request: BulkRequest) -> None:
        progress = self._add(BulkProgress(request))
        self.announcement = f"{request.title}: started"
        self._execute(progress, request)

    def _execute(self, progress: BulkProgress, request: BulkRequest) -> None:
        """Execute a request in the background; on a retry it is a part of the one that `progress` was created for."""
        ids, chain_ids = [row["id"] for row in request.droplets], request.droplet_ids()
        unfinished, tracked, refreshed = {*ids}, set[int](), False
        request.plan.write_files()

        def on_change(number: int, run: ChainRun) -> None:
            nonlocal refreshed
            for droplet_id in chain_ids[number]:
                progress.update(droplet_id, run)
            if run.started and not refreshed:
                # So that other panels of the account show it soon too.
                refreshed = True
                self.client.monitor.poll_soon()
            if run.blocked_by is not None and run.blocked_by.id not in tracked:
                # The action that delays it is shown too.
                tracked.add(run.blocked_by.id)
                self._subscription.track(run.blocked_by)
            for droplet_id in chain_ids[number]:
                if not run.ended:
                    self._on_row_change(progress, droplet_id)
                elif droplet_id in unfinished:
                    unfinished.remove(droplet_id)
                    self._droplet_ended(progress, droplet_id)

        # A single droplet is updated at once; for many the monitor reads a page.
        assign = {ids[0]: lambda row: self.client.monitor.update_droplets([row])} if len(ids) == 1 else None
        execution = self.client.engine.start(
            request.plan.chains, title=request.title, notes=request.notes, on_change=on_change, assign=assign
        )
        for changed, run in zip(chain_ids, execution.chains, strict=True):
            for droplet_id in changed:
                progress.update(droplet_id, run)

    def _start_checked(self, request: BulkRequest) -> bool:
        """Execute a confirmed request if its plan is still right; blocks. Otherwise explain that, and return False."""
        try:
            self.lifetime.check_unchanged(request)
        except PoseidonError as error:
            self.retry_notice = f"Nothing was done: {error_text(error)}"
            for row in request.droplets:
                self.fleet.release(row["id"])
            return False
        self._start(request)
        return True

    def _add(self, progress: BulkProgress) -> BulkProgress:
        with self._lock:
            self._activity.append(progress)
            excess = max(0, len(self._activity) - MAX_REQUESTS)
            for old in [one for one in self._activity if one.ended][:excess]:
                self._activity.remove(old)
        return progress

    def _droplet_ended(self, progress: BulkProgress, droplet_id: int) -> None:
        if not progress.external:
            self.fleet.release(droplet_id)
            # Without this the monitor would read the effect only later.
            self._subscription.refresh()
        if progress.ended:
            self.announcement = progress.announcement()
            self._on_change()
        else:
            # If hundreds end together, each updates its row only; the rest follows once the monitor has read it.
            self._on_row_change(progress, droplet_id)
