"""How long actions take: the seconds they would take at DigitalOcean, divided by the sandbox's speed.

DigitalOcean publishes no figures. Seen by others are one to two minutes for a create, 63 s for the snapshot of a small
droplet, and "about one minute per GB in use" in the help of a resize. The figures here are our choice within that, the
resize made shorter so that a demonstration at the default speed takes a few seconds.
"""

from __future__ import annotations

from poseidon_nb.sandbox import chance

#: Seconds at DigitalOcean, and further seconds for each GB in use on the disk.
DURATIONS_S: dict[str, tuple[float, float]] = {
    "create": (60, 0),
    "destroy": (5, 0),
    "power_on": (15, 0),
    "power_off": (12, 0),
    "shutdown": (20, 0),
    "reboot": (25, 0),
    "power_cycle": (20, 0),
    "snapshot": (45, 6),
    "backup": (60, 6),
    "resize": (45, 5),
    "rebuild": (60, 0),
    "restore": (60, 6),
    "rename": (5, 0),
    "password_reset": (20, 0),
    "enable_ipv6": (12, 0),
    "enable_backups": (6, 0),
    "disable_backups": (6, 0),
    "change_backup_policy": (6, 0),
    "change_kernel": (12, 0),
    "transfer": (90, 12),
    "convert": (20, 0),
    "attach_volume": (10, 0),
    "detach_volume": (8, 0),
    "resize_volume": (12, 0),
    "assign_ip": (6, 0),
    "unassign_ip": (6, 0),
}
_OTHER_S = (30.0, 0.0)

#: Seconds at DigitalOcean until what shows a status of its own, and has no action, has settled. Our choice too.
SETTLING_S = {"vpc_peering": 30.0, "firewall": 6.0, "load_balancer": 90.0}

#: After `completed` the droplet's status follows this much later.
STATUS_LAG_S = 4.0
#: A new droplet's addresses show after this share of its creation.
ADDRESSES_AT = 0.6
_JITTER = 0.25


def action_duration_s(type_: str, *, used_gb: float, speed: float, draw: tuple[object, ...]) -> float:
    """Give the seconds that an action takes in the sandbox.

    Parameters
    ----------
    type_ : str
        The action's type.
    used_gb : float
        GB in use on the droplet's disk.
    speed : float
        What the seconds at DigitalOcean are divided by.
    draw : tuple
        What the jitter follows from, the seed and the action's id.
    """
    base_s, per_gb_s = DURATIONS_S.get(type_, _OTHER_S)
    return (base_s + per_gb_s * used_gb) * (1 + _JITTER * (2 * chance.share(*draw) - 1)) / speed


def settling_s(what: str, *, speed: float, draw: tuple[object, ...]) -> float:
    """Give the seconds until a change of something that has no actions is done in the sandbox.

    Parameters
    ----------
    what : str
        A key of `SETTLING_S`.
    speed : float
        What the seconds at DigitalOcean are divided by.
    draw : tuple
        What the jitter follows from, the seed and the thing's id.
    """
    return SETTLING_S[what] * (1 + _JITTER * (2 * chance.share(*draw) - 1)) / speed
