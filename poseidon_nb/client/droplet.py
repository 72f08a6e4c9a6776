"""A `Droplet` and its verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.resource import Field, Resource, TimeField
from poseidon_nb.errors import ActionError, InvalidArgument, LookupFailed, PoseidonError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.actions import Action
    from poseidon_nb.client.droplets import Droplets
    from poseidon_nb.client.progress import OnProgress
    from poseidon_nb.client.resource import Snapshot

#: How long a system gets to obey a shutdown before its power is cut, in seconds.
OBEY_S = 120.0
LOOK_AT_IT = "look whether it has to be powered on"


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a sequence: its type and parameters, as the API wants them."""

    type: str
    parameters: Mapping[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """The body of the request."""
        return {"type": self.type, **self.parameters}


def resize_steps(size: str, *, disk: bool, restart: bool, running: bool = True) -> list[Step]:
    """Give the actions that a resize is made of: pure, and what ``--dry-run`` shows."""
    resize = Step("resize", {"size": size, "disk": disk})
    return [Step("shutdown", {}), resize, Step("power_on", {})] if restart and running else [resize]


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

    # --- facts -------------------------------------------------------------------------------------------------------
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
        """Give what was done to it, newest first."""
        return self._droplets.actions(self)

    def snapshots(self) -> list[Snapshot]:
        """Give the snapshots that were made of it."""
        return self._droplets.snapshots(self)

    def wait(self, timeout_s: float | None = None, *, on_progress: OnProgress | None = None) -> Droplet:
        """Block until nothing runs on it, and read it again."""
        self._droplets.acting.wait_idle(self, timeout_s=timeout_s, on_progress=on_progress)
        return self

    # --- power -------------------------------------------------------------------------------------------------------
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

    # --- change ------------------------------------------------------------------------------------------------------
    def rename(
        self, name: str, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Give it another name."""
        return self._act("rename", {"name": name}, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def take_snapshot(
        self,
        name: str | None = None,
        *,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Action:
        """Save its disk as an image; it may be running, though a stopped one gives a cleaner copy.

        Parameters
        ----------
        name : str, optional
            The snapshot's name; the API makes one up otherwise.
        wait, timeout_s, on_progress
            As for every verb.
        """
        parameters = {"name": name} if name else {}
        return self._act("snapshot", parameters, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

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
        """Give it another size, and wait until it has it.

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
            Seconds, for each step.
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
        if restart and not wait:
            raise InvalidArgument("a resize with restart=True is three actions and has to wait; leave out wait=False")
        if restart:
            # What runs on it now may be switching it on or off.
            self.wait(timeout_s, on_progress=on_progress)
            self._droplets.check_resize(self, size, disk=disk)
        running = restart and self.status == "active"
        resize = resize_steps(size, disk=disk, restart=False)[0]
        if not running:
            return self._act(resize.type, resize.parameters, wait=wait, timeout_s=timeout_s, on_progress=on_progress)
        try:
            try:
                self._switch_off(timeout_s, on_progress)
            except PoseidonError as failure:
                failure.args = (f"{failure.args[0]}; not resized, and {self.name} may be going off: {LOOK_AT_IT}",)
                raise
            action = self._resize_and_start(resize, timeout_s, on_progress)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"{self.name} was being resized with a restart: {LOOK_AT_IT}")
            raise
        return action

    def delete(self) -> None:
        """Destroy it and its disk. This cannot be undone."""
        self._droplets.delete(self)

    # --- how ---------------------------------------------------------------------------------------------------------
    def _switch_off(self, timeout_s: float | None, on_progress: OnProgress | None) -> None:
        try:
            self._act("shutdown", wait=True, timeout_s=min(timeout_s or OBEY_S, OBEY_S), on_progress=on_progress)
        except ActionError:
            self._droplets.acting.wait_idle(self, timeout_s=timeout_s, on_progress=on_progress)
        if self.refresh().active:
            self._act("power_off", wait=True, timeout_s=timeout_s, on_progress=on_progress)

    def _resize_and_start(self, resize: Step, timeout_s: float | None, on_progress: OnProgress | None) -> Action:
        def power_on() -> None:
            self._act("power_on", wait=True, timeout_s=timeout_s, on_progress=on_progress)

        try:
            action = self._act(resize.type, resize.parameters, wait=True, timeout_s=timeout_s, on_progress=on_progress)
        except PoseidonError as failure:
            # It was running when we came; it must not stay off because its new size was refused.
            try:
                power_on()
            except PoseidonError as second:
                failure.args = (f"{failure.args[0]}; {self.name} is still off, for power_on failed too: {second}",)
            raise
        try:
            power_on()
        except PoseidonError as failure:
            failure.args = (f"{failure.args[0]}; {self.name} has its new size and may still be off: {LOOK_AT_IT}",)
            raise
        return action

    def _act(
        self,
        action_type: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        step = Step(action_type, parameters or {})
        return self._droplets.acting.act(self, step, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def _summary(self) -> tuple[object, ...]:
        v4 = (self.networks or {}).get("v4", [])
        address = next((one["ip_address"] for one in v4 if one.get("type") == "public"), "")
        return (self.id, self.name, self.status, (self.region or {}).get("slug", ""), self.size_slug, address)
