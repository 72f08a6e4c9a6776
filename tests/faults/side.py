"""One client's side of a fault run: its things, what it is handed to do, and the shapes that several operations have."""

from __future__ import annotations

import base64
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.judge import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.account import Account

REGIONS = ("nyc3", "sfo3", "fra1")
IMAGES = ("debian-12-x64", "ubuntu-24-04-x64")
SIZES = ("s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-2gb", "s-2vcpu-4gb")
#: By client: whoever resizes or rebuilds what is shared asks for something that the other never asks for.
OWN_SIZES = (("s-1vcpu-2gb", "s-2vcpu-2gb"), ("s-2vcpu-4gb", "s-4vcpu-8gb"))
LIMITS_S = (None, None, None, 40.0, 90.0)
PRIVATE = 8
SHARED_DOMAIN = "shared.example"


@dataclass(slots=True)
class Task:
    """One operation, ready to be called.

    Parameters
    ----------
    claim : Claim
    call : callable
        Given what `prepare` returned.
    ids : callable
        Gives the ids in what the call returned.
    so : callable
        Told what the call returned (None before it): whether the account is as asked.
    droplets : tuple of int
        The private droplets that it acts upon.
    was_on : bool
        Whether they were on.
    look : callable
        Gives how the account is, for a person.
    rows : callable
        Gives what `Outcome.rows` is, of a table that the call returned.
    prepare : callable
        Reads what the call is made on; it is not part of the call, and neither is its time.
    """

    claim: Claim
    call: Callable[[Any], Any]
    ids: Callable[[Any], tuple[str, ...]] = lambda _: ()
    so: Callable[[Any], bool | None] = lambda _: None
    droplets: tuple[int, ...] = ()
    was_on: bool = False
    prepare: Callable[[], Any] = lambda: None
    look: Callable[[], str] = lambda: ""
    rows: Callable[[Any], dict[str, tuple[str, str]]] = lambda _: {}


@dataclass(slots=True)
class Pools:
    """What is there to act upon: ids, or pairs of id and name."""

    private: list[int] = field(default_factory=list)
    spare: list[int] = field(default_factory=list)
    things: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Shared:
    """What both clients act upon."""

    on: int = 0
    off: int = 0


def the_id(result: Any) -> tuple[str, ...]:
    """Return the id of a resource, or of what stands under the only key of an answer."""
    if result is None:
        return ()
    if isinstance(result, list):
        return tuple(id_ for one in result for id_ in the_id(one))
    if isinstance(result, dict):
        rows = [value for key, value in result.items() if key not in {"links", "meta"} and isinstance(value, dict)]
        row = rows[0] if rows else result
    else:
        row = result.to_dict() if hasattr(result, "to_dict") else {}
    value = row.get("id", row.get("name"))
    return () if value is None else (str(value),)


class Side:
    """One client's side: its things.

    Parameters
    ----------
    me : int
        0, 1 ...
    client : Client
    account : Account
    shared : Shared
    seed : int
    do : callable, optional
        ``po.do``, where this client is also the one of ``%do``.
    """

    def __init__(  # what a side consists of
        self, me: int, client: Any, account: Account, shared: Shared, seed: int, do: Callable[..., Any] | None = None
    ) -> None:
        self.me = me
        self.client = client
        self.account = account
        self.shared = shared
        self.seed = seed
        self.do = do
        self.pools = Pools()
        #: Droplets that were on when something with a restart failed, and how many of them were found off much later.
        self.half_way: set[int] = set()
        self.left_off = 0
        self._made = 0

    # The account.
    def furnish(self) -> None:
        """Put up what this side begins with."""
        for _ in range(PRIVATE):
            self.more()
        for number in range(4):
            self.account.act(self.pools.private[number % PRIVATE], type="snapshot", name=f"c{self.me}-base-{number}")
        for row in self.account.read("/v2/images?private=true&per_page=200"):
            if row["name"].startswith(f"c{self.me}-base-"):
                self.keep("image", row["id"], row["name"])
        self.account.make("/v2/domains", name=f"c{self.me}.example")
        volume = self.account.make("/v2/volumes", name=f"c{self.me}-base", size_gigabytes=5, region="nyc3")
        self.keep("volume", volume["id"], volume["name"])
        key = self.account.make("/v2/account/keys", name=f"c{self.me}-base", public_key=self._public_key("base"))
        self.keep("key", key["id"], key["name"])

    def more(self) -> None:
        """Add a private droplet."""
        self._made += 1
        name = f"c{self.me}-own-{self._made}"
        id_ = self.account.droplet(name, size=SIZES[0], region="nyc3", image=IMAGES[0])
        self.pools.private.append(id_)
        self.pools.names[id_] = name

    def keep(self, kind: str, id_: Any, name: str) -> None:
        """Remember a thing that can be changed or deleted."""
        self.pools.things.setdefault(kind, []).append((str(id_), name))

    def retire(self, droplet_id: int) -> None:
        """Act no more upon a private droplet: something went wrong with it and may go on."""
        if droplet_id in self.pools.private:
            self.pools.private.remove(droplet_id)
            self.pools.spare.append(droplet_id)
            self.more()

    def tidy(self, most: int) -> None:
        """Take away the oldest droplets that nothing happens to any more, while there are too many."""
        while self.pools.spare and self.account.droplets() > most:
            droplet_id = self.pools.spare.pop(0)
            self.look(droplet_id)
            status, _ = self.account.ask("DELETE", f"/v2/droplets/{droplet_id}")
            if status == 422:  # busy
                self.pools.spare.append(droplet_id)
                break

    def look(self, droplet_id: int) -> None:
        """Count a droplet that was left off."""
        if droplet_id in self.half_way:
            self.half_way.remove(droplet_id)
            row = self.account.read(f"/v2/droplets/{droplet_id}")
            self.left_off += row is not None and row["status"] == "off" and not self.account.busy(droplet_id)

    def _any_private(self, rng: random.Random) -> tuple[int, dict[str, Any]]:
        droplet_id = rng.choice(self.pools.private)
        return droplet_id, self.account.read(f"/v2/droplets/{droplet_id}")

    # Shapes that several have.
    def _reads(self, path: str, name: str) -> Callable[[Any], bool | None]:
        def so(result: Any) -> bool | None:
            if not the_id(result):
                return None
            row = self.account.read(path.format(the_id(result)[0]))
            return row is not None and row["name"] == name

        return so

    def _renaming(  # the facts of a new name, each by place
        self,
        kind: str,
        path: str,
        verb: str,
        number: int,
        rng: random.Random,
        update: Callable[[Any, str], Any],
        *,
        method: str = "PUT",
    ) -> Task | None:
        known = self.pools.things.get(kind)
        if not known:
            return None
        index = rng.randrange(len(known))
        id_, before = known[index]
        name = f"c{self.me}-{kind}-named-{number}"
        known[index] = (id_, name)
        claim = Claim(verb, method, f"{path}/{id_}", {"name": name}, (id_, name, before))

        def so(_result: Any) -> bool | None:
            row = self.account.read(f"{path}/{id_}")
            return None if row is None else bool(row["name"] == name)

        return Task(claim, lambda _: update(int(id_) if id_.isdecimal() else id_, name), so=so)

    def _deleting(
        self, kind: str, path: str, verb: str, rng: random.Random, delete: Callable[[str], Any]
    ) -> Task | None:
        known = self.pools.things.get(kind)
        if not known:
            return None
        id_, name = known.pop(rng.randrange(len(known)))
        claim = Claim(verb, "DELETE", re.escape(f"{path}/{id_}"), names=(id_, name))
        return Task(claim, lambda _: delete(id_), so=lambda _: self.account.read(f"{path}/{id_}") is None)

    def _public_key(self, number: object) -> str:
        kind = b"ssh-ed25519"
        secret = random.Random(f"{self.seed}/{self.me}/{number}/key").randbytes(32)
        blob = len(kind).to_bytes(4, "big") + kind + len(secret).to_bytes(4, "big") + secret
        return f"ssh-ed25519 {base64.b64encode(blob).decode()} c{self.me}"
