"""What the panel of one droplet changes besides its power and size: name, tags and backups; and its deletion. No widgets here.

The state of the forms, and the requests that they make. `DropletModel` executes these like all others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import PoseidonError
from poseidon_nb.plans.confirmation import question
from poseidon_nb.plans.summary import cost_text, verb_phrase
from poseidon_nb.text import capitalized, escape_unprintable
from poseidon_nb.widgets.click_confirmation import ButtonState
from poseidon_nb.widgets.droplets.requests import BulkRequest
from poseidon_nb.widgets.models import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.droplets.fleet import Fleet

    Row = Mapping[str, Any]

#: The buttons that open a form, with the verb of the form's request.
FORMS = {"rename": "rename", "tags": "tag", "delete": "delete"}
#: What DigitalOcean allows as a tag. ipywidgets puts suggestions into the page without escaping them.
_TAG = re.compile(r"[\w:-]{1,255}")
_LABELS = {"rename": "Rename…", "tags": "Tags…", "delete": "Delete…"}
_SUBMIT_LABELS = {"rename": "Rename", "tags": "Add tag", "delete": "Delete"}


class DropletSettings:
    """The settings of one droplet.

    Parameters
    ----------
    client : Client
    fleet : Fleet
        Knows what is possible now.
    row : callable
        Returns the droplet as last read.
    """

    def __init__(self, client: Client, fleet: Fleet, row: Callable[[], Row]) -> None:
        self._client = client
        self._fleet = fleet
        self._row = row
        #: Whether the buttons are shown.
        self.visible = False
        self.name = ""
        self.tag = ""
        #: The droplet's name, typed to confirm its deletion.
        self.typed_name = ""
        #: Why the last submission did nothing.
        self.problem = ""
        #: The tags of the account; None until they are loaded.
        self.known_tags: list[str] | None = None
        self._loading_error = ""

    @property
    def tags(self) -> list[str]:
        """The tags of the droplet."""
        return [str(tag) for tag in self._row().get("tags") or ()]

    @property
    def suggested_tags(self) -> list[str]:
        """Tags of the account that the droplet does not have."""
        own = {tag.casefold() for tag in self.tags}
        return [tag for tag in self.known_tags or () if tag.casefold() not in own and _TAG.fullmatch(tag)]

    def reset(self) -> None:
        """Discard what was typed."""
        self.name, self.tag, self.typed_name, self.problem = str(self._row()["name"]), "", "", ""

    def load_tags(self) -> None:
        """Load the tags of the account; blocks."""
        try:
            self.known_tags, self._loading_error = [tag.name for tag in self._client.tags.list()], ""
        except PoseidonError as error:
            self._loading_error = error_text(error)

    def buttons(self, disabled_reason: str = "") -> dict[str, ButtonState]:
        """Return the states of the buttons.

        Parameters
        ----------
        disabled_reason : str
            Why all are disabled; empty if they are not.
        """
        reason = disabled_reason or self._ineligible_reason()
        name = escape_unprintable(str(self._row()["name"]))
        tooltips = {"rename": f"Rename {name}", "tags": f"Add or remove tags of {name}", "delete": f"Delete {name}"}
        states = {one: ButtonState(_LABELS[one], not reason, reason or tooltips[one]) for one in FORMS}
        return {"rename": states["rename"], "tags": states["tags"], "backups": self._backups_button(reason)} | states

    def _ineligible_reason(self) -> str:
        return "" if self._fleet.eligible("delete") else f"{capitalized(self._fleet.ineligible_reason('delete'))}."

    def _backups_button(self, reason: str) -> ButtonState:
        request = self.backups_request()
        if request is None:
            return ButtonState("Backups", enabled=False, tooltip=reason or "It is not known whether it has backups.")
        if not reason and (confirming := self._fleet.confirmation_button(request)) is not None:
            return confirming
        # What disabling them saves depends on their plan, which the API does not show.
        cost = cost_text(request.plan.steps) if request.verb == "enable_backups" else ""
        label = f"{verb_phrase(request.verb).capitalize()}{cost}"
        return ButtonState(label, not reason, reason or f"{request.title}{cost}")

    def backups_request(self) -> BulkRequest | None:
        """Return the request that enables the backups or, if they are enabled, disables them; None if that is unknown."""
        row = self._row()
        if row.get("features") is None:
            return None
        verb = "disable_backups" if "backups" in row["features"] else "enable_backups"
        return BulkRequest(verb, (row,), account=self._fleet.account)

    def submit_button(self, form: str, disabled_reason: str = "") -> ButtonState:
        """Return the state of a form's submit button.

        Empty fields do not disable it: a field sends its text only when it is left, which a click on the button does. The
        deletion's field sends each character.
        """
        reason = disabled_reason or self._ineligible_reason()
        if not reason and form == "tags" and self.known_tags is None:
            reason = self._loading_error or "The tags are still loading."
        if not reason and form == "delete" and not self._is_name_typed():
            reason = self.delete_label() + "."
        return ButtonState(_SUBMIT_LABELS[form], not reason, reason)

    def _is_name_typed(self) -> bool:
        name, typed = str(self._row()["name"]), self.typed_name.strip()
        # What is shown may be escaped, and can be typed.
        return bool(typed) and typed in {name.strip(), escape_unprintable(name).strip()}

    def delete_label(self) -> str:
        """Return the label of the field that confirms a deletion."""
        return f"Type {escape_unprintable(str(self._row()['name']))} to confirm"

    def note(self, form: str) -> str:
        """Return the sentence in an open form: why submitting did nothing, or the question of a deletion."""
        if form == "delete":
            return question(BulkRequest("delete", (self._row(),), account=self._fleet.account).plan)
        return self.problem or (self._loading_error if form == "tags" else "")

    def request(self, form: str) -> BulkRequest | None:
        """Return the request of a form; None and a `problem` if it would change nothing."""
        row, verb = self._row(), FORMS[form]
        value = {"rename": self.name, "tags": self.tag, "delete": ""}[form].strip()
        self.problem = ""
        if form == "delete":
            return BulkRequest(verb, (row,), account=self._fleet.account) if self._is_name_typed() else None
        if not value:
            self.problem = f"Enter a {'name' if form == 'rename' else 'tag'}."
            return None
        exists = value.casefold() in (tag.casefold() for tag in self.known_tags or ())
        request = BulkRequest(verb, (row,), value=value, tag_exists=exists, account=self._fleet.account)
        if request.plan.is_empty:
            reasons = [step.unchanged for chain in request.plan.chains for step in chain]
            self.problem = f"{escape_unprintable(str(row['name']))} {reasons[0]}."
            return None
        return request

    def untag_request(self, tag: str) -> BulkRequest:
        """Return the request that removes a tag."""
        return BulkRequest("untag", (self._row(),), value=tag, account=self._fleet.account)
