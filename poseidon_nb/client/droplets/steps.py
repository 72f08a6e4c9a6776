"""The actions that a droplet's verbs are made of, as data: what the client sends and what ``--dry-run`` shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What DigitalOcean has retired, by action type, and what replaced it: said when the service refuses it.
REPLACED: Mapping[str, str] = {
    "change_kernel": (
        "droplets made since March 2017 manage their kernel inside the system: install one with its package manager, "
        "then reboot"
    ),
    "enable_private_networking": (
        "VPC networking replaced it and is always on: the droplet is in the VPC of its vpc_uuid, with its private_ip"
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a sequence: its type and parameters, as the API wants them."""

    type: str
    parameters: Mapping[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        """The body of the request."""
        return {"type": self.type, **self.parameters}


def resize_step(size: str, *, disk: bool) -> Step:
    """Give the action that is a resize."""
    return Step("resize", {"size": size, "disk": disk})


def backup_step(action_type: str, *, plan: str | None, weekday: str | None, hour: int | None) -> Step:
    """Give the action that sets when backups are made; what is left open is the service's to choose."""
    wanted = {"plan": plan, "weekday": weekday, "hour": hour}
    policy = {name: value for name, value in wanted.items() if value is not None}
    return Step(action_type, {"backup_policy": policy} if policy else {})


def restarted(step: Step) -> list[Step]:
    """Give the actions that an action with a restart around it is made of, for a droplet that runs."""
    return [Step("shutdown", {}), step, Step("power_on", {})]
