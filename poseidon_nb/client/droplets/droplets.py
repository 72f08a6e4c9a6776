"""All droplets of the account: finding them, making them, and acting on them.

API: ``droplets_list`` leaves GPU droplets out unless asked for them, so they are always asked for too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from poseidon_nb.catalogue import operation
from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.collection import Collection
from poseidon_nb.client.connection import checked_fields, explained, items_of
from poseidon_nb.client.droplet_reading import read_droplets
from poseidon_nb.client.droplets.droplet import Droplet
from poseidon_nb.client.droplets.pages import droplet_pages
from poseidon_nb.client.droplets.ssh import Probe, SshWaiting, checked_wait_for, listens
from poseidon_nb.client.engine.consistency import ConsistencyWaiter, expected_after
from poseidon_nb.client.engine.droplet_steps import create_steps, delete_step
from poseidon_nb.client.engine.steps import When
from poseidon_nb.client.named import only_one
from poseidon_nb.client.resource import Kernel, Size, Snapshot
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import is_integer, join_words
from poseidon_nb.transport import cancellation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain, Target
    from poseidon_nb.client.slugs import Slugs

    Row = dict[str, Any]
    # Named here because within the class `list` is the method.
    DropletList = list[Droplet]
    ActionList = list[Action]
    SnapshotList = list[Snapshot]
    KernelList = list[Kernel]
    SizeList = list[Size]


class Droplets(Collection[Droplet]):
    """The droplets of an account."""

    def __init__(self, connection: Connection, actions: Actions, slugs: Slugs, client: Client) -> None:
        super().__init__(connection, "droplets", "droplets_list", lambda row: Droplet(row, self))
        self.engine = client.engine
        #: Whose they are.
        self.client = client
        #: Tries whether something listens at an address and a port; another one can be put in its place.
        self.probe: Probe = listens
        self._actions = actions
        self._slugs = slugs

    def list(self, *, tag_name: str | None = None, name: str | None = None, **filters: object) -> DropletList:
        """Return all droplets, GPU droplets too, from all pages.

        Parameters
        ----------
        tag_name : str, optional
            Only those with this tag.
        name : str, optional
            Only those with exactly this name, in any letter case.
        **filters : object
            Further query parameters; with ``type="droplets"`` or ``type="gpus"`` only that kind.
        """
        rows: dict[int, Row] = {}
        for body in self._bodies({"tag_name": tag_name, "name": name, **filters}):
            rows.update(
                (row["id"], row) for row in items_of(body, "droplets", "droplets_list") if row["id"] not in rows
            )
        return [Droplet(row, self) for row in rows.values()]

    def frame(self, *, tag_name: str | None = None, name: str | None = None, **filters: object) -> pd.DataFrame:
        """Return all droplets as a DataFrame, GPU droplets too; the parameters are those of `list`.

        Returns
        -------
        pandas.DataFrame
            A row each; columns as in ``poseidon_nb.frames.schemas.TABLES["droplets"]``.
        """
        return self._framed(self._bodies({"tag_name": tag_name, "name": name, **filters}))

    def get(self, droplet_id: int) -> Droplet:
        """Return the droplet with this id."""
        return Droplet(self.read(droplet_id), self)

    def by_name(self, name: str) -> Droplet:
        """Return the one droplet with this name.

        Raises
        ------
        NoSuchName
            None has it; the nearest names are given.
        AmbiguousName
            Several have it; their ids are given.
        """
        # The API does not tell letter cases apart, and takes an empty name for no filter.
        found = [droplet for droplet in self.list(name=name) if droplet.name.casefold() == name.casefold()]
        exact = [droplet for droplet in found if droplet.name == name] or found
        return only_one("droplet", name, exact, lambda: (droplet.name for droplet in self.list()))

    def find(self, droplet: Droplet | int | str) -> Droplet:
        """Return a droplet by what names it: itself, its id, or its name."""
        if isinstance(droplet, Droplet):
            return droplet
        if isinstance(droplet, int) or is_integer(droplet):
            return self.get(int(droplet))
        return self.by_name(droplet)

    def read(self, droplet_id: int) -> Row:
        """Return a droplet as the API sends it."""
        row: Row = self._connection.one("droplets_get", path={"droplet_id": droplet_id})
        return row

    def read_each(self, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
        """Return droplets as the API sends them, by id, in as few requests as they take; those that are gone are missing."""
        found, _ = read_droplets(self._connection, set(ids))
        return found

    def actions(self, droplet: Droplet | int | str) -> ActionList:
        """Return what was done to a droplet, newest first."""
        found = self.find(droplet)
        rows = self._connection.rows("dropletActions_list", path={"droplet_id": found.id})
        return [Action(row, self._actions, subject=found.name) for row in rows]

    def snapshots(self, droplet: Droplet | int | str) -> SnapshotList:
        """Return the snapshots that were made of a droplet."""
        rows = self._connection.rows("droplets_list_snapshots", path={"droplet_id": self.find(droplet).id})
        return [Snapshot(row) for row in rows]

    def backups(self, droplet: Droplet | int | str) -> SnapshotList:
        """Return the backups that were made of a droplet."""
        rows = self._connection.rows("droplets_list_backups", path={"droplet_id": self.find(droplet).id})
        return [Snapshot(row) for row in rows]

    def backup_policy(self, droplet: Droplet | int | str) -> Row:
        """Return when a droplet's backups are made; empty where none are."""
        answer = self._connection.one("droplets_get_backup_policy", path={"droplet_id": self.find(droplet).id})
        return answer.get("backup_policy") or {}

    def kernels(self, droplet: Droplet | int | str) -> KernelList:
        """Return the kernels that a droplet could have; none if it was made since March 2017."""
        rows = self._connection.rows("droplets_list_kernels", path={"droplet_id": self.find(droplet).id})
        return [Kernel(row) for row in rows]

    def neighbors(self, droplet: Droplet | int | str) -> DropletList:
        """Return the account's droplets on the same machine as a droplet: they would fail together."""
        rows: Any = self._connection.one("droplets_list_neighbors", path={"droplet_id": self.find(droplet).id})
        # Some services answer null for an empty list.
        return [Droplet(row, self) for row in rows or []]

    @overload
    def create(
        self,
        *,
        name: str,
        names: None = None,
        size: str,
        image: str | int,
        region: str | None = None,
        ssh_keys: Sequence[str | int] | None = None,
        tags: Sequence[str] | None = None,
        user_data: str | None = None,
        wait: bool = True,
        wait_for: str | None = None,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        **fields: object,
    ) -> Droplet: ...
    @overload
    def create(
        self,
        *,
        name: None = None,
        names: Sequence[str],
        size: str,
        image: str | int,
        region: str | None = None,
        ssh_keys: Sequence[str | int] | None = None,
        tags: Sequence[str] | None = None,
        user_data: str | None = None,
        wait: bool = True,
        wait_for: str | None = None,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        **fields: object,
    ) -> DropletList: ...
    def create(  # noqa: PLR0913  # what a droplet is made of, all by keyword
        self,
        *,
        name: str | None = None,
        names: Sequence[str] | None = None,
        size: str,
        image: str | int,
        region: str | None = None,
        ssh_keys: Sequence[str | int] | None = None,
        tags: Sequence[str] | None = None,
        user_data: str | None = None,
        wait: bool = True,
        wait_for: str | None = None,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
        **fields: object,
    ) -> Droplet | DropletList:
        """Make a droplet, or several with ``names``, and wait until they run.

        Parameters
        ----------
        name : str
            Names are not unique.
        names : sequence of str
            Instead of ``name``; sent ten at a time.
        size, image, region : str
            Slugs; an image also by id. Without a region DigitalOcean chooses.
        ssh_keys : sequence of int or str
            Ids or fingerprints.
        tags : sequence of str
            Tags that do not exist yet are made.
        user_data : str
            Cloud-init, at most 64 KiB.
        wait : bool
            Block until they are ``active``, and read them again.
        wait_for : str, optional
            ``"ssh"``: block further until their SSH port answers.
        timeout_s : float, optional
            Seconds; by default those of a create (`catalogue.wait_limits`).
        on_progress : callable, optional
            Told a `Progress` several times a second.
        **fields : object
            Further fields of ``droplets_create``: ``backups``, ``ipv6``, ``monitoring``, ``vpc_uuid``, ``volumes``, ...

        Returns
        -------
        Droplet or list of Droplet
            One for ``name``, a list for ``names``.

        Raises
        ------
        InvalidArgument
            A field that the operation does not have, or neither or both of ``name`` and ``names``. Nothing was sent.
        Unprocessable
            DigitalOcean refused; a slug that does not exist is named with the nearest that does.
        """
        if isinstance(names, str):
            raise InvalidArgument('names takes a list of names; one droplet is made with name="..."')
        if isinstance(ssh_keys, str) or isinstance(tags, str):
            raise InvalidArgument(f"{'ssh_keys' if isinstance(ssh_keys, str) else 'tags'} takes a list")
        if (name is None) == (names is None) or not (name or names):
            raise InvalidArgument("create takes either name= or names=")
        checked_wait_for(wait_for, wait=wait, public=fields.get("public_networking") is not False)
        wanted = checked_fields(
            operation("droplets_create"),
            {
                "region": region,
                "size": size,
                "image": image,
                "ssh_keys": ssh_keys and [*ssh_keys],
                "tags": tags and [*tags],
            }
            | {"user_data": user_data, **fields},
        )
        clock = self._connection.session.clock
        steps = create_steps(names if names is not None else [str(name)], wanted, single=names is None)
        with cancellation.deadline(clock, cancellation.validate_timeout(timeout_s)):
            outcomes = self.engine.run(
                [(step,) for step in steps],
                title=f"droplets create {' '.join(names or [str(name)])}",
                wait=wait,
                timeout_s=timeout_s,
                on_progress=on_progress,
            )
            droplets = self._created(outcomes, single=names is None)
            if wait_for is not None:
                self.wait_for_ssh(droplets, timeout_s=cancellation.remaining_s(clock), on_progress=on_progress)
        return droplets if names is not None else droplets[0]

    def _created(self, outcomes: Sequence[Outcome], *, single: bool) -> DropletList:
        """Return the droplets that a create has made, or raise the first error; it names those that were made."""
        droplets = [Droplet(one.answer, self) for one in outcomes if one.answer is not None]
        failed = [one for one in outcomes if one.error is not None]
        if not failed:
            return droplets
        error = failed[0].error
        assert error is not None  # noqa: S101  # for the type checker: it was asked for above
        error.droplet = next(iter(droplets), None) if single else droplets
        made = [one.target for one in outcomes if one.status == "completed"]
        going = [one.target for one in outcomes if one.status == "in-progress" and one.error is not error]
        explained(error, f"created all the same: {join_words(map(str, made))}" if made else "")
        explained(error, f"being created, so do not repeat it: {join_words(map(str, going))}" if going else "")
        raise error

    def wait_for_ssh(
        self,
        droplets: Droplet | int | str | Sequence[Droplet | int | str],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> DropletList:
        """Block until droplets answer on the SSH port.

        Parameters
        ----------
        droplets : Droplet, int, str, or sequence of these
        timeout_s : float, optional
            Seconds; 3 minutes by default.
        on_progress : callable, optional
            Told a `Progress` of each about once a second; its ``id`` is the droplet's, for this is no action.

        Returns
        -------
        list of Droplet

        Raises
        ------
        ActionTimedOut
            Some did not answer in time; they are named.
        LookupFailed
            One has no public address.
        """
        given = [droplets] if isinstance(droplets, (Droplet, int, str)) else droplets
        found = [self.find(droplet) for droplet in given]
        SshWaiting(self._connection, self.probe).wait(found, timeout_s=timeout_s, on_progress=on_progress)
        return found

    def delete(self, droplet: Droplet | int | str) -> None:
        """Destroy a droplet and its disk. This cannot be undone. One that is busy is waited for first."""
        # An id is sent as it is: reading the droplet first would cost a request and tell nothing.
        by_id = isinstance(droplet, int) or (isinstance(droplet, str) and is_integer(droplet))
        droplet_id = int(droplet) if by_id else self.find(droplet).id  # type: ignore[arg-type]
        step = delete_step({"id": droplet_id})
        self._raise_first(self.engine.run([(step,)], title=f"droplets delete {droplet_id}"))

    def act(
        self,
        droplet: Droplet,
        chain: Chain,
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        """Run a chain of actions on a droplet, and return the action that it is about; every verb ends here.

        Raises
        ------
        DropletBusy
            Another action runs, and ``wait`` is false.
        Unprocessable
            DigitalOcean refused.
        ActionFailed, ActionTimedOut
            It did not end well, or not in time.
        OutcomeUnknown
            The answer was lost, and what the account shows cannot be told to be ours.
        """
        main = next(step for step in chain if step.when is When.NEXT and not step.best_effort)
        outcomes = self.engine.run(
            [chain],
            title=f"droplets {main.verb} {droplet.name}",
            wait=wait,
            timeout_s=timeout_s,
            on_progress=on_progress,
            assign={droplet.id: droplet.assign},
        )
        done = next((one for one in outcomes if one.step.request == main.request and one.error is None), None)
        if done is None or done.action is None:
            # What should have come first did not go well, or not in time.
            self._raise_first(outcomes)
        self._raise_first([one for one in outcomes if not one.step.best_effort])
        assert done is not None  # noqa: S101  # for the type checker: else something was raised
        assert done.action is not None  # noqa: S101  # likewise
        return done.action

    def _raise_first(self, outcomes: Sequence[Outcome]) -> None:
        """Raise what made a chain fail; a power_on that failed too is told with it."""
        errors = [(one, one.error) for one in outcomes if one.error is not None]
        if not errors:
            return
        (first, error), *others = errors
        if first.step.when is When.ALWAYS:
            done = join_words(
                one.step.verb if one.action is None else f"{one.step.verb} (action {one.action.id})"
                for one in outcomes
                if one.status == "completed"
            )
            explained(error, f"{done} completed, and {first.target.name} may still be off: {_power_on(first.target)}")
        for one, second in others:
            if one.step.when is When.ALWAYS and second is not error:
                off = f"{one.target.name} is still off, for {one.step.verb} failed too: {second}"
                explained(error, f"{off}; {_power_on(one.target)}")
        raise error

    def wait_idle(
        self, droplet: Droplet, *, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> None:
        """Block until no action runs on a droplet, however they end, and read it again."""
        clock = self._connection.session.clock
        with cancellation.deadline(clock, cancellation.validate_timeout(timeout_s)):
            running, ended = self.engine.sender.pending_or_ended(droplet.id)
            while running is not None:
                pending = Action(running, self._actions, subject=droplet.name)
                left_s = cancellation.remaining_s(clock)
                failures = self._actions.wait_each([pending], timeout_s=left_s, on_progress=on_progress)
                if pending.id in failures and not pending.done:
                    raise failures[pending.id]
                running, ended = self.engine.sender.pending_or_ended(droplet.id)
            ended_type = str(ended["type"]) if ended is not None else ""
            consistency = ConsistencyWaiter(self._connection)
            # Without parameters: what somebody else's action wanted is not known, but its type tells of the power.
            consistency.add(droplet.id, expected_after(ended_type, droplet.id, droplet.assign))
            consistency.finish()

    def check_resize(self, droplet: Droplet, size: str, *, disk: bool) -> None:
        """Refuse a resize that cannot work.

        Raises
        ------
        InvalidArgument
            The size does not exist, is not available, is not sold in the droplet's region, or has a smaller disk.
        """
        self._slugs.check_resize(droplet.to_dict(), size, disk=disk)

    def fitting_sizes(self, droplet: Droplet) -> SizeList:
        """Return the sizes that a droplet could have instead of its own, cheapest first.

        They are sold in its region, and their disk is not smaller than its own.
        """
        return [Size(row) for row in self._slugs.fitting(droplet.to_dict())]

    def _bodies(self, filters: Row) -> Iterator[bytes]:
        return droplet_pages(self._connection, self._checked(filters))


def _power_on(target: Target) -> str:
    return f"look whether to power it on, with %do droplets power_on {target.id}"
