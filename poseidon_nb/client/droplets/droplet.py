"""A `Droplet` and its verbs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.droplet_steps import action_step, backup_policy, resize_step, snapshot_step, with_restart
from poseidon_nb.client.resource import Field, Resource, TimeField
from poseidon_nb.errors import InvalidArgument, LookupFailed
from poseidon_nb.text import is_integer
from poseidon_nb.transport import cancellation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplets.droplets import Droplets
    from poseidon_nb.client.engine.steps import Step
    from poseidon_nb.client.resource import Kernel, Size, Snapshot


class Droplet(Resource):
    """A virtual machine.

    Its verbs wait until the server says ``completed`` and the droplet reads accordingly, and then read it again in
    place; with ``wait=False`` they give the `Action` in progress. A droplet that is busy with another action is waited
    for first; with ``wait=False`` that raises `DropletBusy`.
    """

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
        """The client that it came from."""
        return self._droplets.client

    def fitting_sizes(self) -> list[Size]:
        """Return the sizes that it could be resized to, cheapest first."""
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
            It has none, or none yet.
        """
        return self._address("public")

    @property
    def private_ip(self) -> str:
        """The IPv4 address within its VPC.

        Raises
        ------
        LookupFailed
            It has none, or none yet.
        """
        return self._address("private")

    def _address(self, kind: str) -> str:
        # By type, never by position: the order differs between answers.
        for network in (self.networks or {}).get("v4", []):
            if network.get("type") == kind:
                return str(network["ip_address"])
        raise LookupFailed(f"{self.name} has no {kind} IPv4 address{' yet' if self.status == 'new' else ''}")

    def refresh(self) -> Droplet:
        """Read it again, in place."""
        self.assign(self._droplets.read(self.id))
        return self

    def actions(self) -> list[Action]:
        """Return what was done to it, newest first."""
        return self._droplets.actions(self)

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots that were made of it."""
        return self._droplets.snapshots(self)

    def backups(self) -> list[Snapshot]:
        """Return the backups that were made of it; `restore` takes one of them."""
        return self._droplets.backups(self)

    def backup_policy(self) -> dict[str, Any]:
        """Return when its backups are made: ``plan``, ``hour``, ``weekday`` and more; empty where none are."""
        return self._droplets.backup_policy(self)

    def kernels(self) -> list[Kernel]:
        """Return the kernels that it could have: none if it was made since March 2017, for its system brings its own."""
        return self._droplets.kernels(self)

    def neighbors(self) -> list[Droplet]:
        """Return the account's droplets that run on the same machine."""
        return self._droplets.neighbors(self)

    def wait(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Droplet:
        """Block until nothing runs on it, and read it again."""
        self._droplets.wait_idle(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    def wait_for_ssh(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Droplet:
        """Block until it answers on the SSH port, which comes some time after it is ``active``."""
        self._droplets.wait_for_ssh(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    def power_on(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Switch it on."""
        return self._act("power_on", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def power_off(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Cut its power: what was not written to disk is lost. `shutdown` asks the system first."""
        return self._act("power_off", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def shutdown(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Ask its system to shut down. The system may ignore that; then the droplet stays ``active``."""
        return self._act("shutdown", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def reboot(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Ask its system to start anew."""
        return self._act("reboot", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def power_cycle(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Cut its power and switch it on again."""
        return self._act("power_cycle", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def rename(
        self, name: str, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Rename it."""
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
        """Save its disk as an image; it may be running, though a stopped one gives a cleaner copy.

        Parameters
        ----------
        name : str, optional
            The snapshot's name; the API makes one up otherwise.
        restart : bool
            Shut a running droplet down first, and start it again afterwards, as `resize` does.
        wait, timeout_s, on_progress
            As for every verb.
        """
        step = snapshot_step(self.to_dict(), name)
        return self._act_off(step, restart=restart, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def resize(  # what a resize is made of, all by keyword
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
            Shut a running droplet down first (and cut its power if it does not obey within two minutes), and start it
            again afterwards, also if the resize itself fails. Without it a running droplet is refused by the API.
        wait : bool
            Block until the server says ``completed``; else return at once. A restart needs to wait.
        timeout_s : float, optional
            Seconds, for all of it.
        on_progress : callable, optional
            Told a `Progress` several times a second.

        Returns
        -------
        Action
            The resize, completed, or in progress with ``wait=False``.

        Raises
        ------
        Unprocessable
            The droplet is on and ``restart`` is false, or its region does not sell this size.
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
        """Replace its disk by one made from an image, named by its id or slug. What is on the old one is lost."""
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
        """Put its disk back to one of its own backups, named by its id. What was written since is lost."""
        image_id = _image_id(image)
        if not isinstance(image_id, int):
            raise InvalidArgument(f"restore takes the id of a backup of {self.name}, not {image!r}; see its backups()")
        return self._act("restore", {"image": image_id}, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def password_reset(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Reset its root password; DigitalOcean sends the new one by e-mail."""
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
        """Enable regular backups of its disk, which cost extra.

        Parameters
        ----------
        plan : str, optional
            ``"daily"``, which is what DigitalOcean takes if nothing is said, or ``"weekly"``; `catalogue.prices` tells
            what they cost.
        weekday : str, optional
            For a weekly plan: ``"SUN"`` to ``"SAT"``.
        hour : int, optional
            When the window of four hours begins, in UTC: 0, 4, 8, 12, 16 or 20.
        wait, timeout_s, on_progress
            As for every verb.
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
        """Change when its backups are made; the parameters are those of `enable_backups`."""
        policy = backup_policy(plan=plan, weekday=weekday, hour=hour)
        if not policy:
            raise InvalidArgument("change_backup_policy takes plan=, weekday= or hour=")
        return self._act("change_backup_policy", policy, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def disable_backups(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Make no more backups; those that exist stay for as long as they would have."""
        return self._act("disable_backups", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def enable_ipv6(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Enable IPv6, which its system has to be configured for. This cannot be undone."""
        return self._act("enable_ipv6", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def enable_private_networking(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Ask for what VPC networking has replaced; what the service makes of it is passed on."""
        return self._act("enable_private_networking", wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def change_kernel(
        self,
        kernel: int | Resource,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Change its kernel to another of its `kernels`; only droplets from before March 2017 have any."""
        parameters = {"kernel": kernel["id"] if isinstance(kernel, Resource) else kernel}
        return self._act("change_kernel", parameters, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def delete(self) -> None:
        """Destroy it and its disk. This cannot be undone."""
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
        """Do what needs the droplet to be off, with a restart around it if that was asked for."""
        if not restart:
            return self._droplets.act(self, (step,), wait=wait, timeout_s=timeout_s, on_progress=on_progress)
        if not wait:
            raise InvalidArgument(
                f"a {step.verb} with restart=True is three actions and has to wait; leave out wait=False"
            )
        with cancellation.deadline(self.client.clock, cancellation.validate_timeout(timeout_s)):
            # What runs on it now may be switching it on or off.
            self._droplets.wait_idle(self, on_progress=on_progress)
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
        # Also where it reads as it would be left: how it reads here may be old.
        step = replace(action_step(self.to_dict(), action_type, parameters), unchanged="")
        return self._droplets.act(self, (step,), wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def _summary(self) -> tuple[object, ...]:
        v4 = (self.networks or {}).get("v4", [])
        address = next((one["ip_address"] for one in v4 if one.get("type") == "public"), "")
        return (self.id, self.name, self.status, (self.region or {}).get("slug", ""), self.size_slug, address)


def _image_id(image: int | str | Resource) -> int | str:
    """Return what names an image, a snapshot or a backup in an action; the ids of snapshots are digits in a string."""
    named: int | str = image["id"] if isinstance(image, Resource) else image
    return int(named) if isinstance(named, str) and is_integer(named) else named
