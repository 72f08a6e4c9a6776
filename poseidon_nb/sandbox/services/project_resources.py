"""What projects hold, by uniform resource names such as ``do:droplet:123``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from poseidon_nb.sandbox.replies import unprocessable
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Collection, Record
    from poseidon_nb.sandbox.world import World

_ID_DIGITS_MOST = 18


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that projects hold.

    Attributes
    ----------
    collection : str
        Where it is.
    path : str
        What its address begins with, behind ``/v2/``.
    scope : str
        What a token needs to see it.
    shows_project : bool
        Its ``project_id`` says where it belongs.
    key : callable
        Makes the collection's key of the end of a URN.
    """

    collection: str
    path: str
    scope: str
    shows_project: bool = False
    key: Callable[[str], int | str | None] = str


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MOST else None


#: By their word in a URN.
_KINDS = {
    "droplet": Kind("droplets", "droplets", "droplet:read", key=_number),
    "volume": Kind("volumes", "volumes", "block_storage:read"),
    "domain": Kind("domains", "domains", "domain:read"),
    "loadbalancer": Kind("load_balancers", "load_balancers", "load_balancer:read", shows_project=True),
    "floatingip": Kind("reserved_ips", "floating_ips", "reserved_ip:read", shows_project=True),
}
_OTHER_NAMES = {"reservedip": "floatingip"}
#: In URNs of things that the sandbox has none of.
_ABSENT = ("dbaas", "kubernetes", "space", "app")


def checked_urn(call: Call, text: str) -> str:
    """Give a URN in the words of answers; refuse what is none, and a token that may not see the thing."""
    start, _, rest = text.partition(":")
    word, _, name = rest.partition(":")
    word = _OTHER_NAMES.get(word, word)
    if start != "do" or not name:
        raise unprocessable(f"{text} is not a URN such as do:droplet:123.")
    if word not in _KINDS and word not in _ABSENT:
        raise unprocessable(f"A {word} cannot be assigned to a project: {', '.join(_KINDS)}.")
    if word in _KINDS:
        call.need(_KINDS[word].scope)
    return f"do:{word}:{name}"


def path_of(urn: str) -> str:
    """Give the path of a thing behind ``/v2/``."""
    _, word, name = urn.split(":", 2)
    return f"{_KINDS[word].path if word in _KINDS else word}/{quote(name, safe='')}"


def held(world: World, project: Record, scopes: frozenset[str] | None = None) -> Iterator[tuple[str, str]]:
    """Give what a project has, as far as the scopes let it be seen: the URNs, and since when it has them."""
    others = [other for other in world.projects.listed() if other["id"] != project["id"]]
    elsewhere = {urn for other in others for urn in other.kept["resources"]} if project["is_default"] else set()
    own = project.kept["resources"]
    for word, kind in _KINDS.items():
        if scopes is not None and kind.scope not in scopes:
            continue
        for key, record in _collection(world, kind).items():
            urn = f"do:{word}:{key}"
            if kind.shows_project:
                inside = record.shown["project_id"] == project["id"]
            else:
                inside = urn in own or (project["is_default"] and urn not in elsewhere)
            if inside:
                yield urn, own.get(urn) or record.shown.get("created_at") or project["created_at"]


def assign(world: World, project_id: str, urn: str, at: float) -> str:
    """Move a thing into a project, and give the status of that."""
    _, word, name = urn.split(":", 2)
    kind = _KINDS.get(word)
    key = None if kind is None else kind.key(name)
    record = None if kind is None else _collection(world, kind).get(key)
    if kind is None or record is None:
        return "not_found"
    if _is_in(world, world.projects[project_id], kind, urn, record):
        return "already_assigned"
    for other in world.projects.listed():
        if urn in other.kept["resources"]:
            forget(world, other, urn)
    project = world.projects[project_id]
    world.projects.put(project_id, project.keeping(resources={**project.kept["resources"], urn: stamp(at)}))
    if kind.shows_project:
        _collection(world, kind).put(key, record.showing(project_id=project_id))
    return "assigned"


def forget(world: World, project: Record, urn: str) -> None:
    """Take a thing out of the ones that a project was given."""
    rest = {other: assigned_at for other, assigned_at in project.kept["resources"].items() if other != urn}
    world.projects.put(project["id"], project.keeping(resources=rest))


def _is_in(world: World, project: Record, kind: Kind, urn: str, record: Record) -> bool:
    if kind.shows_project:
        return bool(record["project_id"] == project["id"])
    if urn in project.kept["resources"]:
        return True
    return bool(project["is_default"]) and not any(urn in other.kept["resources"] for other in world.projects.listed())


def _collection(world: World, kind: Kind) -> Collection:
    collection: Collection = getattr(world, kind.collection)
    return collection
