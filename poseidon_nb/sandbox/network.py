"""What would be found on the internet behind a droplet's address: its SSH port, some time after it booted.

DigitalOcean publishes no figure. Ours, 12 s at its speed, is what a small Linux takes to make its host keys and listen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.timestamps import unstamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.records import Record
    from poseidon_nb.sandbox.world import World

#: Seconds from the end of what booted a droplet until its SSH port answers, divided by the sandbox's speed.
SSH_AFTER_S = 12.0
#: The types of action after which a system has booted anew.
_BOOTS = {"create", "power_on", "reboot", "power_cycle", "rebuild", "restore"}


def answers_ssh(world: World, address: str) -> bool:
    """Say whether the droplet at a public address would answer on port 22 now."""
    droplet = next((one for one in world.droplets.listed() if address in _public(one)), None)
    if droplet is None or droplet.kept["power"] != "on":
        return False
    actions = [action.shown for action in world.actions.listed()]
    booted = [
        unstamp(action["completed_at"])
        for action in actions
        if action["resource_id"] == droplet["id"]
        and action["resource_type"] == "droplet"
        and action["type"] in _BOOTS
        and action["status"] == "completed"
    ]
    return not booted or world.now() >= max(booted) + SSH_AFTER_S / world.speed


def _public(droplet: Record) -> list[str]:
    return [one["ip_address"] for one in droplet["networks"]["v4"] if one["type"] == "public"]
