"""What the models share of panels with forms: which form is open, what was chosen in it, and that choosing ends a question.

No widgets here and no kernel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.widgets.following import Following
from poseidon_nb.widgets.resizing import Resizing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.asking import ButtonState
    from poseidon_nb.widgets.workers import Workers


class Question(Protocol):
    """The one question that a panel has open, as `Asking` and `Fleet` have it."""

    def shown(self) -> None:
        """Say that it can be read now."""

    def cancel(self) -> None:
        """Close it."""


class FormModel(Following, ABC):
    """What follows the account and acts, partly by forms.

    Parameters
    ----------
    client : Client
    changed : callable
        Called, from any thread, when there may be something new to show.
    workers : Workers
        In whose threads the account is asked.
    question : Question
    resized : callable
        Gives the droplets that would be resized now.
    """

    def __init__(
        self,
        client: Client,
        changed: Callable[[], None],
        workers: Workers,
        question: Question,
        resized: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> None:
        super().__init__(client, changed)
        self._workers = workers
        self._question = question
        #: Which form is open: ``snapshot``, ``resize`` or none.
        self.form = ""
        #: What a snapshot is called, or what stands behind each droplet's name in its snapshot's.
        self.snapshot_name = ""
        self.resizing = Resizing(resized)

    # --- what is shown -----------------------------------------------------------------------------------------------
    @abstractmethod
    def buttons(self) -> Mapping[str, ButtonState]:
        """Give what the buttons of the first row show, by verb."""

    @abstractmethod
    def form_words(self) -> list[str]:
        """Give what the open form says below what there is to choose."""

    @abstractmethod
    def go_button(self) -> ButtonState:
        """Give what the button of the open form shows."""

    # --- what is clicked ---------------------------------------------------------------------------------------------
    @abstractmethod
    def press(self, verb: str) -> None:
        """Take a click on a verb's button of the first row."""

    @abstractmethod
    def go(self) -> None:
        """Take a click on the button of the open form."""

    def cancel(self) -> None:
        """Take back a question."""
        with self._lock:
            self._used()
            self._question.cancel()
        self._changed()

    def close_form(self) -> None:
        """Close the form, and do nothing."""
        with self._lock:
            self._used()
            self._question.cancel()
            self.form = ""
        self._changed()

    def call_snapshot(self, name: str) -> None:
        """Give the snapshot a name, or the snapshots an ending of theirs."""
        self.snapshot_name = name
        self._changed()

    def choose_size(self, slug: str) -> None:
        """Choose a size; a question that was open was about another one."""
        with self._lock:
            self._used()
            if slug != self.resizing.wanted:
                self._question.cancel()
            self.resizing.wanted = slug
        self._changed()

    def choose_disk(self, *, with_disk: bool) -> None:
        """Choose whether disks grow too."""
        with self._lock:
            self._used()
            if with_disk != self.resizing.with_disk:
                self._question.cancel()
            self.resizing.with_disk = with_disk
        self._changed()

    # --- how ---------------------------------------------------------------------------------------------------------
    @abstractmethod
    def _suggested_name(self) -> str:
        """Give what stands in the form for a snapshot at first."""

    def _open(self, form: str) -> None:
        """Open a form, or with no name close the one that is open."""
        self.form = form
        if form == "snapshot":
            self.snapshot_name = self._suggested_name()
        elif form == "resize":
            self.resizing.begin()
            self._workers.run(self._read_sizes)

    def _read_sizes(self) -> None:
        self.resizing.read(self.client)
        self._changed()

    def _used(self) -> None:
        """Say that somebody uses the panel."""
        self._subscription.touch()

    def _show_question(self) -> None:
        self._changed()
        self._question.shown()
