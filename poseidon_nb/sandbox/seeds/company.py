"""The small company whose account the sandbox shows: its droplets, its keys, and its daily routines.

Data only; `builder` turns it into an account. Droplets were created in the order of `DROPLETS`.
"""

from __future__ import annotations

from dataclasses import dataclass

UBUNTU_20_04 = 69463186
#: Further droplets of a large account, used in turn: name, size, tags.
EXTRA_DROPLETS = (
    ("web", "s-2vcpu-4gb", ("web", "env:prod")),
    ("worker", "c-2", ("worker", "env:prod")),
    ("cache", "m-2vcpu-16gb", ("cache", "env:prod")),
    ("staging", "s-1vcpu-2gb", ("env:staging",)),
    ("web", "s-1vcpu-1gb", ("web", "env:staging")),
)
EXTRA_REGIONS = ("nyc3", "fra1", "sfo3", "sgp1", "ams3", "lon1")
EXTRA_IMAGES = ("ubuntu-24-04-x64", "debian-12-x64", "ubuntu-22-04-x64")
KEYS = ("ada@laptop", "grace@workstation", "deploy")
TEAM = "Tidepool Maps"
OWNER = "ada@tidepool-maps.example"


@dataclass(frozen=True, slots=True)
class DropletSpec:
    """One droplet of the company.

    Attributes
    ----------
    name, region, size, tags
        Fields of the API.
    image : str or int
        The slug of a base image, or the id of a retired one.
    age_days : float
        How many days ago it was created.
    features : tuple of str
        Features besides ``droplet_agent`` and ``private_networking``.
    off : bool
        Whether it is powered off now.
    weekly_backups, snapshots : int
        The number of backups and snapshots.
    routines : tuple of str
        What is done to it regularly, as keys of `builder`.
    host : int
        The physical server in its region. Droplets with the same number are neighbors.
    original_size : str
        The size at creation, if it was resized later. Its disk is still that of this size.
    resized_days : int
        How many midnights ago the resize was; more than a month.
    """

    name: str
    region: str
    size: str
    tags: tuple[str, ...]
    image: str | int = "ubuntu-24-04-x64"
    age_days: float = 60.0
    features: tuple[str, ...] = ("monitoring",)
    off: bool = False
    weekly_backups: int = 0
    snapshots: int = 0
    routines: tuple[str, ...] = ()
    host: int = 0
    original_size: str = ""
    resized_days: int = 0


DROPLETS = (
    DropletSpec("web-1", "nyc3", "s-2vcpu-4gb", ("web", "env:prod"), age_days=210, features=("monitoring", "ipv6"),
        routines=("reboots",), host=17),
    DropletSpec("db-1", "nyc3", "g-2vcpu-8gb", ("db", "env:prod"), image="debian-12-x64", age_days=209,
        features=("monitoring", "backups"), weekly_backups=4, snapshots=3, routines=("snapshots", "reboots"), host=31),
    DropletSpec("web-2", "nyc3", "s-2vcpu-4gb", ("web", "env:prod"), age_days=208, features=("monitoring", "ipv6"),
        routines=("reboots",), host=17),
    DropletSpec("worker-1", "nyc3", "c-2", ("worker", "env:prod"), age_days=180, routines=("reboots", "resizes"), host=58),
    DropletSpec("legacy-reports", "nyc3", "s-1vcpu-2gb", ("env:prod",), image=UBUNTU_20_04, age_days=175, features=(), off=True,
        snapshots=1, host=90),
    DropletSpec("web-3", "fra1", "s-2vcpu-4gb", ("web", "env:prod"), age_days=120, features=("monitoring", "ipv6"),
        routines=("reboots",), host=12),
    DropletSpec("db-2", "fra1", "g-2vcpu-8gb", ("db", "env:prod"), image="debian-12-x64", age_days=119,
        features=("monitoring", "backups"), weekly_backups=4, snapshots=1, routines=("snapshots",), host=44),
    DropletSpec("staging-web", "sfo3", "s-1vcpu-2gb", ("web", "env:staging"), age_days=90, routines=("off_at_night",), host=8,
        original_size="s-1vcpu-1gb", resized_days=80),
    DropletSpec("staging-db", "sfo3", "s-2vcpu-4gb", ("db", "env:staging"), image="debian-12-x64", age_days=90, off=True,
        routines=("off_at_night",), host=9),
    DropletSpec("worker-2", "fra1", "c-2", ("worker", "env:prod"), age_days=61, routines=("reboots",), host=63),
    DropletSpec("monitor-1", "sgp1", "s-1vcpu-1gb", ("monitoring",), age_days=45, routines=("reboots",), host=21),
    DropletSpec("build-1", "sgp1", "s-4vcpu-8gb", ("ci", "env:staging"), image="fedora-42-x64", age_days=44,
        routines=("rebuilds",), host=33, original_size="s-2vcpu-4gb", resized_days=38),
)  # fmt: skip

#: Added to the regular droplets; only ``type=gpus`` lists it.
GPU_DROPLET = DropletSpec(
    "train-1", "tor1", "gpu-4000adax1-20gb", ("ml",), image="gpu-h100x1-base", age_days=12, host=2
)
