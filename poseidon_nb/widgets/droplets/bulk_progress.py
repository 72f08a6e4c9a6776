"""The progress of a request: a row for each droplet, and what can be tried again. No widgets here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.plans.summary import verb_phrase
from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.chain_progress import ProgressGroup

if TYPE_CHECKING:
    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.widgets.droplets.requests import BulkRequest


class BulkProgress(ProgressGroup[int]):
    """The progress of a request, by droplet id.

    Parameters
    ----------
    request : BulkRequest
    external : bool
        Whether it was started elsewhere: it is shown, but offers no retry.
    """

    def __init__(self, request: BulkRequest, *, external: bool = False) -> None:
        self.request = request
        self.external = external
        verb = verb_phrase(request.verb).capitalize()
        titles = {row["id"]: f"{verb} {escape_unprintable(str(row['name']))}" for row in request.droplets}
        # The row of a single droplet has no summary above it, so it has the whole title.
        super().__init__(request.title, dict.fromkeys(titles, request.title) if len(titles) == 1 else titles)

    def may_include(self, action: Action) -> bool:
        """Check whether an action belongs to the request, or may turn out to."""
        return any(one.may_include(action) for one in self._rows.values())

    @property
    def retryable_keys(self) -> list[int]:
        """The droplets for which a retry is safe; none of a request that was started elsewhere."""
        return [] if self.external else super().retryable_keys
