"""What panels do about how long droplets exist: freeze them, and give them leases. No widgets here.

A plan that freezes is built from much of the account, in the background, as soon as its form is open. `DropletsModel`
executes the requests like all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument, PoseidonError
from poseidon_nb.language.time_arguments import parse_duration
from poseidon_nb.plans.account import AccountReader
from poseidon_nb.plans.confirmation import warnings
from poseidon_nb.plans.freezing import freeze, is_same_freeze
from poseidon_nb.plans.frozen_files import created_with
from poseidon_nb.plans.leases import check_ttl, lease_chains, lease_end, lease_of
from poseidon_nb.text import escape_unprintable, pluralize, truncated_list
from poseidon_nb.widgets.droplets.requests import NO_LEASE, BulkRequest
from poseidon_nb.widgets.models import error_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.widgets.droplets.fleet import Fleet

    Row = Mapping[str, Any]

#: The verbs whose plans are built here; each has a form.
LIFETIME_VERBS = frozenset({"freeze", "lease"})
#: Lengths of leases that the form suggests.
SUGGESTED_TTLS = ("6h", "1d", "2d", "7d", NO_LEASE)
#: Notes of a plan in the form; further ones are only counted.
MAX_NOTES = 12
_READING = "The account is still being read."
_TIME = "%Y-%m-%d %H:%M UTC"


class DropletLifetime:
    """The state of the two forms, and their requests.

    Parameters
    ----------
    client : Client
    fleet : Fleet
        Knows the selected droplets.
    """

    def __init__(self, client: Client, fleet: Fleet) -> None:
        self._client = client
        self._fleet = fleet
        #: The length of the lease as it was typed.
        self.ttl = ""
        #: Why the last submission did nothing.
        self.problem = ""
        self._known_tags: list[str] | None = None
        self._lease: BulkRequest | None = None
        #: The droplets that a plan to freeze was requested for.
        self._freezing: Sequence[Row] = ()
        self._freeze: BulkRequest | None = None
        self._error = ""

    def reset(self) -> None:
        """Discard what was typed and read."""
        self.ttl, self.problem, self._error = "", "", ""
        self._known_tags, self._lease, self._freezing, self._freeze = None, None, (), None

    def load_tags(self) -> None:
        """Read the tags of the account, of which no two leases share one; blocks."""
        try:
            self._known_tags, self._error = [*AccountReader(self._client).tag_names], ""
        except PoseidonError as error:
            self._error = error_text(error)

    def request_plan(self) -> Sequence[Row]:
        """Return the droplets to build a plan to freeze for: none if that has begun already."""
        rows = self._fleet.eligible("freeze")
        if rows == self._freezing:
            return ()
        self._freezing, self._freeze, self._error = rows, None, ""
        return rows

    def build_plan(self, rows: Sequence[Row]) -> None:
        """Build the plan that freezes droplets; blocks. Does nothing once others are selected."""
        if rows is not self._freezing:
            return
        try:
            request, error_now = self.build("freeze", [row["id"] for row in rows]), ""
        except PoseidonError as error:
            request, error_now = None, error_text(error)
        if rows is self._freezing:
            self._freeze, self._error = request, error_now

    def build(self, verb: str, ids: Sequence[int], ttl: str = "") -> BulkRequest:
        """Read the account and build a request; blocks.

        Raises
        ------
        InvalidArgument
            A droplet cannot be frozen, or the length of a lease is invalid.
        """
        account = AccountReader(self._client)
        # As the account has them: the rows of a panel have defaults for what could not be read.
        listed = self._client.droplets.read_each(ids)
        rows = tuple(listed[one] for one in ids if one in listed)
        if verb == "lease":
            return self._lease_request(rows, ttl, account.tag_names)
        chains = freeze(account, rows, created_with=created_with(ids))
        notes, files = tuple(account.notes), tuple(account.files)
        return BulkRequest("freeze", rows, account=self._fleet.account, chains=chains, notes=notes, files=files)

    def check_unchanged(self, request: BulkRequest) -> None:
        """Read the account again, and check that a plan to freeze still keeps all that there is; blocks.

        Raises
        ------
        InvalidArgument
            The plan would now be another one.
        """
        now = self.build(request.verb, [row["id"] for row in request.droplets])
        if not is_same_freeze(now.plan, request.plan):
            raise InvalidArgument(
                f"{self._names(request.droplets)} changed while the form was open. See the form again."
            )

    def _lease_request(self, rows: Sequence[Row], ttl: str, tags: Sequence[str]) -> BulkRequest:
        text = ttl.strip().casefold()
        if not text:
            raise InvalidArgument(f"Enter the length of the lease, such as 6h or 2d, or {NO_LEASE} to remove it.")
        seconds = None if text == NO_LEASE else check_ttl(parse_duration(text).total_seconds())
        end = None if seconds is None else lease_end(self._client.now(), seconds, tags)
        chains = lease_chains(rows, end)
        if not any(not step.unchanged for chain in chains for step in chain):
            raise InvalidArgument(f"{self._names(rows)} {'has' if len(rows) == 1 else 'have'} no lease.")
        return BulkRequest("lease", tuple(rows), value=text, account=self._fleet.account, chains=chains)

    @staticmethod
    def _names(rows: Sequence[Row]) -> str:
        return truncated_list(escape_unprintable(str(row["name"])) for row in rows)

    def asked(self, form: str) -> BulkRequest | None:
        """Return the request that the open question of a form may be about; None if there is none."""
        if form == "freeze":
            return self._freeze if self._fleet.eligible("freeze") == self._freezing else None
        rows, last = self._fleet.eligible("lease"), self._lease
        same = last is not None and last.value == self.ttl.strip().casefold() and [*last.droplets] == [*rows]
        return last if same else None

    def request(self, form: str) -> BulkRequest | None:
        """Return the request of a form; None and a `problem` if it makes none."""
        asked, self.problem = self.asked(form), ""
        if form == "freeze" or (asked is not None and self._fleet.confirmation_button(asked) is not None):
            return asked
        try:
            self._lease = self._lease_request(self._fleet.eligible("lease"), self.ttl, self._known_tags or ())
        except InvalidArgument as error:
            self._lease, self.problem = None, error_text(error)
        return self._lease

    def validation_error(self, form: str) -> str:
        """Return why a form cannot be submitted; empty if it can.

        An empty field does not disable it: the field sends its text only when it is left, which a click on the button does.
        """
        is_read = self.asked(form) is not None if form == "freeze" else self._known_tags is not None
        return self._error or ("" if is_read else _READING)

    def submit_label(self, form: str) -> str:
        """Return the label of a form's submit button."""
        count = len(self._fleet.eligible(form))
        verb = "Freeze" if form == "freeze" else "Lease"
        return verb if count < 2 else f"{verb} {pluralize(count, 'droplet')}"  # noqa: PLR2004  # plural

    def notes(self, form: str) -> list[str]:
        """Return the sentences in an open form."""
        if form == "freeze":
            request = self.asked(form)
            # What makes it impossible is the tooltip of the button too.
            listed = [*warnings(request.plan), *request.notes] if request is not None else [self.validation_error(form)]
        else:
            now = self._client.now()
            leases = [(row, lease) for row in self._fleet.eligible(form) if (lease := lease_of(row)) is not None]
            listed = [*filter(None, [self.problem or self._error])]
            listed += [
                f"The lease of {escape_unprintable(str(row['name']))} "
                + (
                    f"{'ended' if lease.is_over(now) else 'ends'} at {lease.ends_at:{_TIME}}."
                    if lease.ends_at is not None
                    else "cannot be read."
                )
                for row, lease in leases
            ]
            listed.append("The end is kept in a tag. Nothing happens by itself: %do reap destroys what is over.")
        hidden = len(listed) - MAX_NOTES
        return [*listed[:MAX_NOTES], *([f"and {pluralize(hidden, 'more note')}"] if hidden > 0 else [])]
