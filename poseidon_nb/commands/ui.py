"""What commands need of a user interface. `magics` implements it for notebooks and for terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Self

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import Progress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.client.engine.execution import Execution
    from poseidon_nb.clock import Clock
    from poseidon_nb.plans.plan import Plan


class ProgressView(Protocol):
    """Shows the progress of a command while it runs."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def tell(self, progress: Progress) -> None:
        """Update the progress of one action."""

    def wait(self, seconds: float, reason: str) -> None:
        """Show a pause and its reason."""

    def look(self) -> None:
        """Show updates from other threads; called on the command's own thread."""

    def follow(
        self, client: Client, actions: Iterable[Action] = (), creating: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        """Show the progress of actions that the command does not wait for."""

    def follow_execution(self, execution: Execution) -> None:
        """Show the progress of an execution that continues after the command ended."""


class Panels(Protocol):
    """Opens panels."""

    def droplet(self, droplet: Droplet, *, size: str | None) -> object:
        """Return the panel of a droplet, with the resize form open if a size is given."""

    def fleet(self, client: Client, *, tag: str | None = None, ids: Iterable[int] | None = None) -> object:
        """Return the panel of all droplets, of those with a tag, or of those with these ids."""

    def actions(self, client: Client) -> object:
        """Return the panel of the account's actions."""

    def plan(self, plan: Plan, client: Client) -> object:
        """Return the panel of a plan."""

    def sizes(self, client: Client, *, regions: Iterable[str], families: Iterable[str], image: str | None) -> object:
        """Return the size explorer."""


class UserInterface(Protocol):
    """A notebook or a terminal."""

    @property
    def panels(self) -> Panels:
        """Opens panels."""

    @property
    def line_width(self) -> int:
        """The characters in a line of text."""

    def say(self, text: str) -> None:
        """Print a line."""

    def show(self, result: object) -> None:
        """Show a result before the command ends."""

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question.

        Raises
        ------
        ConfirmationRequired
            Nobody can answer.
        """

    def secret(self, prompt: str) -> str:
        """Ask for a secret without showing what is typed.

        Raises
        ------
        ConfirmationRequired
            Nobody can answer.
        """

    def progress(self, clock: Clock) -> ProgressView:
        """Return a view for progress. It shows nothing until it is updated."""
