"""A `Droplet` and its verbs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.droplet_steps import (
    action_step,
    address_of,
    backup_policy,
    resize_step,
    snapshot_step,
    with_restart,
)
from poseidon_nb.client.resource import Field, Resource, TimeField
from poseidon_nb.errors import InvalidArgument, LookupFailed
from poseidon_nb.text import is_integer
from poseidon_nb.transport import cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplets import Droplets
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.client.resource import Kernel, Size
    from poseidon_nb.client.snapshots import Snapshot


class Droplet(Resource):
    """A virtual machine.

    Its verbs wait until the action has completed and the droplet reads accordingly, and update the droplet in place.
    With ``wait=False`` they return the `Action` in progress. If another action is in progress, they wait for it first;
    with ``wait=False`` they raise `DropletBusy`.
    """

    computed_fields = ("active", "ip_address", "private_ip")
    _internal = frozenset({"assign", "client", "computed_fields"})

    id = Field[int]()
    name = Field[str]()
    status = Field[str]()
    memory = Field[int]()
    vcpus = Field[int]()
    disk = Field[int]()
    locked = Field[bool]()
    created_at = TimeField()
    region = Field[dict[str, Any]]()
    size = Field[dict[str, Any]]()
    size_slug = Field[str]()
    image = Field[dict[str, Any]]()
    networks = Field[dict[str, Any]]()
    features = Field[list[str]]()
    tags = Field[list[str]]()
    volume_ids = Field[list[str]]()
    backup_ids = Field[list[int]]()
    snapshot_ids = Field[list[int]]()
    vpc_uuid = Field["str | None"]()

    def __init__(self, data: Mapping[str, Any], droplets: Droplets) -> None:
        super().__init__(data)
        self._droplets = droplets

    @property
    def client(self) -> Client:
        """The client that returned it."""
        return self._droplets.client

    def fitting_sizes(self) -> list[Size]:
        """List the sizes that it can be resized to, cheapest first."""
        return self._droplets.fitting_sizes(self)

    @property
    def active(self) -> bool:
        """Whether it is on."""
        return self.status == "active"

    @property
    def ip_address(self) -> str:
        """The public IPv4 address.

        Raises
        ------
        LookupFailed
            It has none yet, or none at all.
        """
        return self._address("public")

    @property
    def private_ip(self) -> str:
        """The private IPv4 address in its VPC.

        Raises
        ------
        LookupFailed
            It has none yet, or none at all.
        """
        return self._address("private")

    def _address(self, kind: str) -> str:
        address = address_of(self._data, kind)
        if address is not None:
            return address
        yet = " yet" if self.status == "new" else ""
        raise LookupFailed(f"Droplet {self.name} has no {kind} IPv4 address{yet}.")

    def refresh(self) -> Droplet:
        """Read it again and update it in place."""
        self.assign(self._droplets.read(self.id))
        return self

    def actions(self) -> list[Action]:
        """List its actions, newest first."""
        return self._droplets.actions(self)

    def snapshots(self) -> list[Snapshot]:
        """List its snapshots."""
        return self._droplets.snapshots(self)

    def backups(self) -> list[Snapshot]:
        """List its backups; `restore` takes one of them."""
        return self._droplets.backups(self)

    def backup_policy(self) -> dict[str, Any]:
        """Return its backup policy: ``plan``, ``hour``, ``weekday`` and more; empty without backups."""
        return self._droplets.backup_policy(self)

    def kernels(self) -> list[Kernel]:
        """List the kernels that it can boot: none if it was created since March 2017, when systems brought their own."""
        return self._droplets.kernels(self)

    def neighbors(self) -> list[Droplet]:
        """List the account's droplets on the same physical machine."""
        return self._droplets.neighbors(self)

    def wait(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Droplet:
        """Wait until no action is in progress on it, and read it again."""
        self._droplets.wait_until_idle(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    def wait_for_ssh(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Droplet:
        """Wait until it answers on the SSH port, which happens some time after it is ``active``."""
        self._droplets.wait_for_ssh(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    def power_on(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Power it on."""
        return self._act("power_on", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def power_off(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Cut its power; data that was not written to disk is lost. `shutdown` asks the system first."""
        return self._act("power_off", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def shutdown(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Shut it down gracefully. If its system ignores that, the droplet stays ``active``."""
        return self._act("shutdown", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def reboot(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Reboot it gracefully."""
        return self._act("reboot", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def power_cycle(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Cut its power and power it on again."""
        return self._act("power_cycle", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def rename(
        self, name: str, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Rename the droplet."""
        return self._act("rename", {"name": name}, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def take_snapshot(
        self,
        name: str | None = None,
        *,
        restart: bool = False,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Create a snapshot of its disk. It may be running, but a stopped droplet gives a cleaner copy.

        Parameters
        ----------
        name : str, optional
            Name of the snapshot; by default the API chooses one.
        restart : bool
            Shut a running droplet down first and start it again afterwards, as `resize` does.
        wait, timeout_s, on_progress
            As for all verbs.
        """
        step = snapshot_step(self.to_dict(), name)
        return self._act_off(step, restart=restart, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def resize(
        self,
        size: str,
        *,
        disk: bool = False,
        restart: bool = False,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Resize it, and wait until it has its new size.

        Parameters
        ----------
        size : str
            Size slug, for example ``"s-2vcpu-4gb"``.
        disk : bool
            Grow the disk too. This cannot be undone.
        restart : bool
            Shut a running droplet down first, and start it again afterwards, even if the resize fails. If it does not
            shut down within two minutes, its power is cut. Without a restart the API refuses to resize a running droplet.
        wait : bool
            Block until the action has completed; otherwise return at once. A restart has to wait.
        timeout_s : float, optional
            Seconds for the whole operation.
        on_progress : callable, optional
            Called with a `Progress` several times a second.

        Returns
        -------
        Action
            The resize, completed, or in progress with ``wait=False``.

        Raises
        ------
        Unprocessable
            The droplet is on and ``restart`` is false, or the size is not available in its region.
        InvalidArgument
            With ``restart``: the droplet cannot have this size. Nothing was changed.

        Notes
        -----
        API: ``dropletActions_post``, ``type=resize``.
        """

        def check() -> None:
            self._droplets.check_resize(self, size, disk=disk)

        step = resize_step(self.to_dict(), size, disk=disk)
        return self._act_off(
            step, restart=restart, check=check, wait=wait, timeout_s=timeout_s, on_progress=on_progress
        )

    def rebuild(
        self,
        image: int | str | Resource,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Recreate its disk from an image, given by id or slug. All data on the old disk is lost."""
        parameters = {"image": _image_id(image)}
        return self._act("rebuild", parameters, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def restore(
        self,
        image: int | str | Resource,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Restore its disk from one of its backups, given by id. Data that was written since is lost."""
        image_id = _image_id(image)
        if not isinstance(image_id, int):
            raise InvalidArgument(f"{image!r} is not the id of a backup of {self.name}. See droplet.backups()")
        return self._act("restore", {"image": image_id}, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def password_reset(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Reset its root password; DigitalOcean sends the new one by email."""
        return self._act("password_reset", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def enable_backups(
        self,
        *,
        plan: str | None = None,
        weekday: str | None = None,
        hour: int | None = None,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Enable automatic backups of its disk, which cost extra.

        Parameters
        ----------
        plan : str, optional
            ``"daily"`` (DigitalOcean's default) or ``"weekly"``. Prices are in `catalogue.prices`.
        weekday : str, optional
            For a weekly plan: ``"SUN"`` to ``"SAT"``.
        hour : int, optional
            Start of the four-hour window in UTC: 0, 4, 8, 12, 16 or 20.
        wait, timeout_s, on_progress
            As for all verbs.
        """
        policy = backup_policy(plan=plan, weekday=weekday, hour=hour)
        return self._act("enable_backups", policy, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def change_backup_policy(
        self,
        *,
        plan: str | None = None,
        weekday: str | None = None,
        hour: int | None = None,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Change its backup policy; parameters as for `enable_backups`."""
        policy = backup_policy(plan=plan, weekday=weekday, hour=hour)
        if not policy:
            raise InvalidArgument("change_backup_policy requires plan=, weekday= or hour=.")
        return self._act("change_backup_policy", policy, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def disable_backups(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Disable automatic backups; existing backups are kept for their usual time."""
        return self._act("disable_backups", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def enable_ipv6(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Enable IPv6, which must also be configured in its system. This cannot be undone."""
        return self._act("enable_ipv6", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def enable_private_networking(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Request private networking, which VPC networking has replaced. The API's response is passed on."""
        return self._act("enable_private_networking", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def change_kernel(
        self,
        kernel: int | Resource,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Change its kernel to another of its `kernels`; only droplets created before March 2017 have any."""
        parameters = {"kernel": kernel["id"] if isinstance(kernel, Resource) else kernel}
        return self._act("change_kernel", parameters, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def delete(self) -> None:
        """Delete it and its disk. This cannot be undone."""
        self._droplets.delete(self)

    def _act_off(
        self,
        step: Step,
        *,
        restart: bool,
        check: Callable[[], None] | None = None,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        """Run a step that needs the droplet to be off, within a restart if requested."""
        if not restart:
            return self._droplets.act(self, (step,), wait=wait, timeout_s=timeout_s, on_progress=on_progress)
        if not wait:
            raise InvalidArgument(f"A {step.verb} with restart=True cannot be combined with wait=False.")
        with cancellation.deadline(self.client.clock, cancellation.validate_timeout(timeout_s)):
            # An action in progress may be powering it on or off.
            self._droplets.wait_until_idle(self, on_progress=on_progress)
            if check is not None:
                check()
            chain = with_restart(self.to_dict(), step)
            left_s = cancellation.remaining_s(self.client.clock)
            return self._droplets.act(self, chain, wait=True, timeout_s=left_s, on_progress=on_progress)

    def _act(
        self,
        action_type: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        # Send it even if the droplet seems to be in that state already: this copy may be outdated.
        step = replace(action_step(self.to_dict(), action_type, parameters), unchanged="")
        return self._droplets.act(self, (step,), wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def _summary(self) -> tuple[object, ...]:
        v4 = (self.networks or {}).get("v4") or ()
        address = next((one.get("ip_address") for one in v4 if one.get("type") == "public"), "")
        return (self.id, self.name, self.status, (self.region or {}).get("slug", ""), self.size_slug, address)


def _image_id(image: int | str | Resource) -> int | str:
    """Return the id or slug of an image, snapshot or backup for an action; snapshot ids are integers as text."""
    identifier: int | str = image["id"] if isinstance(image, Resource) else image
    return int(identifier) if isinstance(identifier, str) and is_integer(identifier) else identifier
