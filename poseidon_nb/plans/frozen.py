"""A frozen droplet: the settings that its snapshot's tags hold, and their text. Pure.

A snapshot of a frozen droplet has the tag ``frozen``, one or more tags ``frozen:ID:KEY:VALUE:KEY:VALUE...`` with the id of
the droplet that was, and a tag ``frozen:ID:tag:NAME`` for each of its tags. With the id in them no two droplets share a tag.
Values are slugs, UUIDs, numbers and addresses; a dot, or a colon of an address, is written as an underscore, which none of
them contains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.own_tags import FROZEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    Row = Mapping[str, Any]

#: DigitalOcean's limit for a tag in characters, and what it may consist of (``tags_create``).
MAX_TAG_CHARS = 255
_TAG = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
_VALUE = re.compile(r"[a-zA-Z0-9_\-]{1,200}")
_PREFIX = f"{FROZEN}:"
_SNAPSHOT_TIME = re.compile(r"-frozen-[0-9]{8}T[0-9]{6}Z")
_SNAPSHOT_NAME = re.compile(rf"(?P<name>.+){_SNAPSHOT_TIME.pattern}", re.DOTALL)
#: Longest part of a snapshot's name that is the droplet's.
_MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenDroplet:
    """What makes a droplet, besides its disk.

    Parameters
    ----------
    id : int
        Of the droplet that was.
    name, size, region, vpc, project : str
        Empty if unknown. The project only if it is not the default one.
    disk : int or None
        In GB.
    off, ipv6, monitoring : bool
        Whether it was off, had an IPv6 address, and the metrics agent.
    no_agent, no_public : bool
        Whether it had no console agent, or no public address.
    backups, weekday : str
        Plan and day of its backups; empty if it had none.
    hour : int or None
        When backups began.
    address, address6 : str
        Its public addresses.
    reserved_ip, reserved_ip6 : str
        Reserved addresses that were assigned to it.
    firewalls, balancers, volumes, keys, tags : tuple of str
        Ids and names. Firewalls and load balancers that chose it by a tag are not listed.
    rules : tuple of str
        Rules of firewalls that named it by its id; see `frozen_rules`.
    """

    id: int
    name: str = ""
    size: str = ""
    region: str = ""
    disk: int | None = None
    vpc: str = ""
    project: str = ""
    off: bool = False
    ipv6: bool = False
    monitoring: bool = False
    no_agent: bool = False
    no_public: bool = False
    backups: str = ""
    weekday: str = ""
    hour: int | None = None
    address: str = ""
    address6: str = ""
    reserved_ip: str = ""
    reserved_ip6: str = ""
    firewalls: tuple[str, ...] = ()
    balancers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    tags: tuple[str, ...] = field(default=())
    rules: tuple[str, ...] = ()


_KEYS = {one.name.replace("_", "-"): one.name for one in fields(FrozenDroplet) if one.name not in {"id", "tags"}}
_FLAGS = frozenset({"off", "ipv6", "monitoring", "no_agent", "no_public"})
_NUMBERS = frozenset({"disk", "hour"})
_LISTS = frozenset({"firewalls", "balancers", "volumes", "keys", "rules"})
#: Values in which an underscore stands for a dot, or for a colon.
_DOTTED = frozenset({"name", "address", "reserved_ip"})
_COLONED = frozenset({"address6", "reserved_ip6", "keys"})


def snapshot_name(name: str, now: datetime) -> str:
    """Return the name of the snapshot of a droplet that is frozen now: ``web-1-frozen-20261130T130000Z``."""
    return f"{name[:_MAX_NAME_CHARS]}-frozen-{now:%Y%m%dT%H%M%SZ}"


def without_times(text: str) -> str:
    """Return a text without the times in the names of the snapshots of frozen droplets."""
    return _SNAPSHOT_TIME.sub("-frozen", text)


def name_in(snapshot: str) -> str:
    """Return the droplet's name in the name of its snapshot; empty if it is not such a name."""
    found = _SNAPSHOT_NAME.fullmatch(snapshot)
    return found["name"] if found is not None else ""


def is_frozen(tags: Iterable[Any] | None) -> bool:
    """Return whether a snapshot with these tags holds a frozen droplet."""
    return any(isinstance(tag, str) and tag.casefold() == FROZEN for tag in tags or ())


def own_tags(tags: Iterable[Any] | None) -> list[str]:
    """Return those of a snapshot's tags that freezing has added: name, size and region first, ``frozen`` last."""
    ours = [tag for tag in tags or () if isinstance(tag, str) and f"{tag.casefold()}:".startswith(_PREFIX)]
    return sorted(ours, key=lambda tag: (tag.casefold() == FROZEN, ":size:" not in tag.casefold()))


def format_tags(droplet: FrozenDroplet) -> tuple[list[str], list[str]]:
    """Return the tags that hold a droplet's settings, and the names of the settings that do not fit into tags."""
    head = f"{_PREFIX}{droplet.id}"
    packed, lost = [head], []
    for key, name in _KEYS.items():
        for value in _values(droplet, name):
            text = (
                value.replace(".", "_") if name in _DOTTED else value.replace(":", "_") if name in _COLONED else value
            )
            if not _VALUE.fullmatch(text) or (name in _DOTTED | _COLONED and "_" in value):
                lost.append(name)
                continue
            pair = f":{key}:{text}"
            if len(packed[-1]) + len(pair) > MAX_TAG_CHARS:
                packed.append(head)
            packed[-1] += pair
    of_tags = {tag: f"{head}:tag:{tag}" for tag in droplet.tags}
    lost += [f"tag {tag}" for tag, text in of_tags.items() if not _TAG.fullmatch(text)]
    fitting = [text for text in of_tags.values() if _TAG.fullmatch(text)]
    # The one that says that it is frozen comes last, once the others are there.
    return [*packed, *fitting, FROZEN], list(dict.fromkeys(lost))


def _values(droplet: FrozenDroplet, name: str) -> Sequence[str]:
    value = getattr(droplet, name)
    if isinstance(value, tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["yes"] if value else []
    return [] if value in {None, ""} else [str(value)]


def parse_tags(tags: Iterable[Any] | None, snapshot: str = "") -> FrozenDroplet | None:
    """Parse the settings of a frozen droplet from the tags and the name of its snapshot.

    Returns
    -------
    FrozenDroplet or None
        None if the tags hold no settings. What cannot be read is left out.
    """
    droplet_id: int | None = None
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for tag in own_tags(tags):
        number, *pairs = tag[len(_PREFIX) :].split(":") if len(tag) > len(_PREFIX) else [""]
        if not (number.isascii() and number.isdecimal()) or droplet_id not in {None, int(number)}:
            continue
        droplet_id = int(number)
        if len(pairs) > 1 and pairs[0].casefold() == "tag":
            names.append(":".join(pairs[1:]))
            continue
        for key, value in zip(pairs[::2], pairs[1::2], strict=False):
            name = _KEYS.get(key.casefold())
            if name is not None and value:
                found.setdefault(name, []).append(value)
    if droplet_id is None:
        return None
    values = {name: _parse(name, listed) for name, listed in found.items()}
    droplet = FrozenDroplet(id=droplet_id, tags=tuple(names), **{k: v for k, v in values.items() if v is not None})
    return droplet if droplet.name else replace(droplet, name=name_in(snapshot))


def _parse(name: str, texts: Sequence[str]) -> Any:
    if name in _DOTTED:
        texts = [text.replace("_", ".") for text in texts]
    if name in _COLONED:
        texts = [text.replace("_", ":") for text in texts]
    if name in _LISTS:
        return tuple(dict.fromkeys(texts))
    if name in _FLAGS:
        return True
    if name in _NUMBERS:
        return int(texts[0]) if texts[0].isascii() and texts[0].isdecimal() else None
    return texts[0]
