"""The droplets of the account: finding, creating, changing and deleting them.

API: ``droplets_list`` leaves GPU droplets out unless asked for them, so they are always requested too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, overload

from poseidon_nb.catalogue import operation
from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.connection import add_detail, check_fields, items_of, list_in
from poseidon_nb.client.droplet import Droplet
from poseidon_nb.client.engine.consistency import ConsistencyWaiter, expected_after
from poseidon_nb.client.engine.droplet_steps import create_steps, delete_step
from poseidon_nb.client.engine.steps import When
from poseidon_nb.client.fetch import droplet_pages, fetch_droplets
from poseidon_nb.client.lookup import unique_match
from poseidon_nb.client.reading import read_whole
from poseidon_nb.client.resource import Kernel, ResourceCollection, Size
from poseidon_nb.client.snapshots import Snapshot
from poseidon_nb.client.ssh import Probe, SshWaiter, check_wait_for, is_listening
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.rows import distinct_rows
from poseidon_nb.text import is_integer, join_words
from poseidon_nb.transport import cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.steps import Chain, Outcome, Target
    from poseidon_nb.client.slugs import SlugChecker
    from poseidon_nb.transport.pagination import ListTotals

    Row = dict[str, Any]
    # Aliases, because `list` is a method within the class.
    DropletList = list[Droplet]
    ActionList = list[Action]
    SnapshotList = list[Snapshot]
    KernelList = list[Kernel]
    SizeList = list[Size]


class Droplets(ResourceCollection[Droplet]):
    """The droplets of an account."""

    _internal = frozenset({"act", "check_resize", "client", "engine", "probe", "read", "read_each"})

    def __init__(self, connection: Connection, actions: Actions, slugs: SlugChecker, client: Client) -> None:
        super().__init__(connection, "droplets", "droplets_list", lambda row: Droplet(row, self))
        self.engine = client.engine
        self.client = client
        #: Returns whether something listens at an address and a port; tests replace it.
        self.probe: Probe = is_listening
        self._actions = actions
        self._slugs = slugs

    def list(self, *, tag_name: str | None = None, name: str | None = None, **filters: object) -> DropletList:
        """List all droplets, including GPU droplets, from all pages.

        Parameters
        ----------
        tag_name : str, optional
            Only droplets with this tag.
        name : str, optional
            Only droplets with exactly this name, ignoring case.
        **filters : object
            Further query parameters, such as ``type="droplets"`` or ``type="gpus"``.
        """
        bodies = self._bodies({"tag_name": tag_name, "name": name, **filters})

        def read(totals: ListTotals) -> list[Row]:
            return distinct_rows(row for body in bodies(totals) for row in items_of(body, "droplets", "droplets_list"))

        rows = self._connection.read_rows("droplets_list", read_whole("droplets", read, len))
        return [Droplet(row, self) for row in rows]

    def frame(self, *, tag_name: str | None = None, name: str | None = None, **filters: object) -> pd.DataFrame:
        """Return all droplets as a DataFrame, including GPU droplets; parameters as for `list`.

        Returns
        -------
        pandas.DataFrame
            One row for each droplet; columns as in ``poseidon_nb.frames.schemas.TABLES["droplets"]``.
        """
        return self._frame_from(self._bodies({"tag_name": tag_name, "name": name, **filters}))

    def get(self, droplet: Droplet | int | str) -> Droplet:
        """Return one droplet by id or name, as it is now.

        Raises
        ------
        NotFound, NoSuchName, AmbiguousName
            It does not exist, or several droplets have the name.
        """
        if isinstance(droplet, str) and not is_integer(droplet):
            return self.by_name(droplet)
        return Droplet(self.read(droplet.id if isinstance(droplet, Droplet) else int(droplet)), self)

    def by_name(self, name: str) -> Droplet:
        """Return the one droplet with this name.

        Raises
        ------
        NoSuchName
            No droplet has it; the closest names are suggested.
        AmbiguousName
            Several droplets have it; their ids are listed.
        """
        # The API ignores the case of a name, and treats an empty name as no filter.
        found = [
            droplet
            for droplet in self.list(name=name)
            if droplet.get("id") is not None and str(droplet.name).casefold() == name.casefold()
        ]
        exact = [droplet for droplet in found if droplet.name == name] or found
        return unique_match("droplet", name, exact, lambda: (droplet.name for droplet in self.list()))

    def find(self, droplet: Droplet | int | str) -> Droplet:
        """Return a droplet given as an object, an id or a name."""
        return droplet if isinstance(droplet, Droplet) else self.get(droplet)

    def read(self, droplet_id: int) -> Row:
        """Read a droplet as the API sends it."""
        row: Row = self._connection.one("droplets_get", path={"droplet_id": droplet_id})
        return row

    def read_each(self, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
        """Read droplets as the API sends them, by id, in as few requests as possible; missing droplets are left out."""
        found, _ = fetch_droplets(self._connection, set(ids))
        return found

    def actions(self, droplet: Droplet | int | str) -> ActionList:
        """List the actions of a droplet, newest first."""
        found = self.find(droplet)
        rows = self._connection.rows("dropletActions_list", path={"droplet_id": found.id})
        return [Action(row, self._actions, subject=found.name) for row in rows]

    def snapshots(self, droplet: Droplet | int | str) -> SnapshotList:
        """List the snapshots of a droplet."""
        rows = self._connection.rows("droplets_list_snapshots", path={"droplet_id": self.find(droplet).id})
        return [Snapshot(row) for row in rows]

    def backups(self, droplet: Droplet | int | str) -> SnapshotList:
        """List the backups of a droplet."""
        rows = self._connection.rows("droplets_list_backups", path={"droplet_id": self.find(droplet).id})
        return [Snapshot(row) for row in rows]

    def backup_policy(self, droplet: Droplet | int | str) -> Row:
        """Return the backup policy of a droplet; empty without backups."""
        answer = self._connection.one("droplets_get_backup_policy", path={"droplet_id": self.find(droplet).id})
        return answer.get("backup_policy") or {}

    def kernels(self, droplet: Droplet | int | str) -> KernelList:
        """List the kernels that a droplet can boot; none if it was created since March 2017."""
        rows = self._connection.rows("droplets_list_kernels", path={"droplet_id": self.find(droplet).id})
        return [Kernel(row) for row in rows]

    def neighbors(self, droplet: Droplet | int | str) -> DropletList:
        """List the account's droplets on the same physical machine as a droplet, which would fail together."""
        request = self._connection.request("droplets_list_neighbors", path={"droplet_id": self.find(droplet).id})
        answer = self._connection.send(request).json()
        # The API may send null for an empty list.
        listed = [] if answer is None else list_in(answer, "droplets", "droplets_list_neighbors")
        return [Droplet(row, self) for row in self._connection.read_rows("droplets_list_neighbors", listed)]

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
    def create(  # noqa: PLR0913  # the fields of a droplet, all by keyword
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
        """Create a droplet, or several with ``names``, and wait until they are active.

        Parameters
        ----------
        name : str
            Names are not unique.
        names : sequence of str
            Instead of ``name``; sent ten per request.
        size, image, region : str
            Slugs, or the id of an image. By default DigitalOcean chooses the region.
        ssh_keys : sequence of int or str
            Ids or fingerprints.
        tags : sequence of str
            Tags that do not exist are created.
        user_data : str
            Cloud-init text, up to 64 KiB.
        wait : bool
            Block until they are ``active``, and read them again.
        wait_for : str, optional
            ``"ssh"``: also block until their SSH port answers.
        timeout_s : float, optional
            Seconds; by default the limit of a create (`catalogue.wait_limits`).
        on_progress : callable, optional
            Called with a `Progress` several times a second.
        **fields : object
            Further fields of ``droplets_create``: ``backups``, ``ipv6``, ``monitoring``, ``vpc_uuid``, ``volumes``, ...

        Returns
        -------
        Droplet or list of Droplet
            One for ``name``, a list for ``names``.

        Raises
        ------
        InvalidArgument
            A field is unknown, or ``name`` and ``names`` are both given or both missing. Nothing was sent.
        Unprocessable
            DigitalOcean refused. For an unknown slug, the closest existing slugs are suggested.
        """
        if isinstance(names, str):
            raise InvalidArgument('names must be a list of strings. For one droplet, use name="...".')
        if isinstance(ssh_keys, str) or isinstance(tags, str):
            raise InvalidArgument(f"{'ssh_keys' if isinstance(ssh_keys, str) else 'tags'} must be a list.")
        if (name is None) == (names is None) or not (name or names):
            raise InvalidArgument("create requires either name= or names=.")
        check_wait_for(wait_for, wait=wait, public=fields.get("public_networking") is not False)
        wanted = check_fields(
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
        """Return the created droplets, or raise the first error, which lists those that were created."""
        created = [one.answer for one in outcomes if one.answer is not None]
        droplets = [Droplet(row, self) for row in self._connection.read_rows("droplets_create", created)]
        failed = [one for one in outcomes if one.error is not None]
        if not failed:
            return droplets
        error = failed[0].error
        assert error is not None  # noqa: S101  # for the type checker: checked above
        error.droplet = next(iter(droplets), None) if single else droplets
        created = [one.target for one in outcomes if one.status == "completed"]
        pending = [one.target for one in outcomes if one.status == "in-progress" and one.error is not error]
        add_detail(error, f"Already created: {join_words(map(str, created))}." if created else "")
        add_detail(
            error,
            f"Still being created: {join_words(map(str, pending))}. Do not create these again." if pending else "",
        )
        raise error

    def wait_for_ssh(
        self,
        droplets: Droplet | int | str | Sequence[Droplet | int | str],
        *,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> DropletList:
        """Wait until droplets answer on the SSH port.

        Parameters
        ----------
        droplets : Droplet, int, str, or sequence of these
        timeout_s : float, optional
            Seconds; 3 minutes by default.
        on_progress : callable, optional
            Called with a `Progress` of each, about once a second. Its ``id`` is the droplet's, as there is no action.

        Returns
        -------
        list of Droplet

        Raises
        ------
        ActionTimedOut
            Some did not answer in time; the message lists them.
        LookupFailed
            A droplet has no public address.
        """
        items = [droplets] if isinstance(droplets, (Droplet, int, str)) else droplets
        found = [self.find(droplet) for droplet in items]
        SshWaiter(self._connection, self.probe).wait(found, timeout_s=timeout_s, on_progress=on_progress)
        return found

    def delete(self, droplet: Droplet | int | str) -> None:
        """Delete a droplet and its disk, after any action in progress. This cannot be undone."""
        # An id is sent as it is; reading the droplet first would not help.
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
        """Run a chain of steps on a droplet, and return the action of its main step.

        Raises
        ------
        DropletBusy
            Another action is in progress, and ``wait`` is false.
        Unprocessable
            DigitalOcean refused.
        ActionFailed, ActionTimedOut
            The action failed, or did not end in time.
        OutcomeUnknown
            The response was lost, and the account does not show whether the request was carried out.
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
            # An earlier step failed, or did not end in time.
            self._raise_first(outcomes)
        self._raise_first([one for one in outcomes if not one.step.best_effort])
        assert done is not None  # noqa: S101  # for the type checker: otherwise an error was raised
        assert done.action is not None  # noqa: S101  # likewise
        return done.action

    def _raise_first(self, outcomes: Sequence[Outcome]) -> None:
        """Raise the first error of a chain; add to it if the power_on failed too."""
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
            add_detail(error, f"{done} completed, but {first.target.name} may still be off. {_power_on(first.target)}")
        for one, second in others:
            if one.step.when is When.ALWAYS and second is not error:
                add_detail(
                    error, f"Droplet {one.target.name} is still off, because {one.step.verb} failed too: {second}"
                )
                add_detail(error, _power_on(one.target))
        raise error

    def wait_until_idle(
        self, droplet: Droplet, *, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> None:
        """Wait until no action is in progress on a droplet, whatever their outcome, and read it again."""
        clock = self._connection.session.clock
        with cancellation.deadline(clock, cancellation.validate_timeout(timeout_s)):
            running, ended = self.engine.sender.recent_actions(droplet.id)
            while running is not None:
                pending = Action(running, self._actions, subject=droplet.name)
                left_s = cancellation.remaining_s(clock)
                failures = self._actions.wait_each([pending], timeout_s=left_s, on_progress=on_progress)
                if pending.id in failures and not pending.done:
                    raise failures[pending.id]
                running, ended = self.engine.sender.recent_actions(droplet.id)
            ended_type = str(ended["type"]) if ended is not None else ""
            consistency = ConsistencyWaiter(self._connection)
            # The parameters of somebody else's action are unknown, but its type determines the power status.
            consistency.add(droplet.id, expected_after(ended_type, droplet.id, droplet.assign))
            consistency.wait()

    def check_resize(self, droplet: Droplet, size: str, *, disk: bool) -> None:
        """Check that a droplet can be resized to a size.

        Raises
        ------
        InvalidArgument
            The size does not exist, is not available in the droplet's region, or has a smaller disk.
        """
        self._slugs.check_resize(droplet.to_dict(), size, disk=disk)

    def fitting_sizes(self, droplet: Droplet) -> SizeList:
        """List the sizes that a droplet can be resized to, cheapest first.

        They are available in its region, and their disk is not smaller than its own.
        """
        return [Size(row) for row in self._slugs.fitting_sizes(droplet.to_dict())]

    def _bodies(self, filters: Row) -> Callable[[ListTotals], Iterator[bytes]]:
        return partial(droplet_pages, self._connection, self._check_query(filters))


def _power_on(target: Target) -> str:
    return f"If it is off, power it on with %do droplets power_on {target.id}"
