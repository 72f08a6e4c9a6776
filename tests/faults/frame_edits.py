"""Random edits of frames, and what the account must show afterwards, read past every fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tests.faults.account import Account

KINDS = ["droplets", "records", "firewalls", "volumes"]
#: Sizes by their disk, of which a droplet can take those with at least its own.
SIZES = {"s-1vcpu-2gb": 50, "s-2vcpu-2gb": 60, "s-2vcpu-4gb": 80, "s-4vcpu-8gb": 160, "s-8vcpu-16gb": 320}
TAGS = ["red", "green", "blue", "env:prod"]
IMAGE, REGION = "debian-12-x64", "nyc3"
_MISSING = "missing"
_WHOLE = "whole"


class Editor:
    """Edits frames, and knows what they ask for.

    Parameters
    ----------
    account : Account
    chance : random.Random
    """

    domain = "frames.example"

    def __init__(self, account: Account, chance: random.Random) -> None:
        self.account = account
        self.chance = chance
        self._number = 0
        #: The resource type of which the frame of this round is the whole of its scope.
        self._whole = ""

    def prepare(self) -> None:
        """Add a domain with records, firewalls and volumes."""
        self.account.make("/v2/domains", name=self.domain, ip_address="198.18.0.5")
        for number in range(30):
            body = {"type": "A", "name": f"host-{number}", "data": f"198.18.1.{number + 1}"}
            self.account.make(f"/v2/domains/{self.domain}/records", **body)
        for tag in TAGS:
            self.account.ask("POST", "/v2/tags", {"name": tag})
        for number in range(6):
            self.account.make("/v2/firewalls", name=f"wall-{number}", tags=[], inbound_rules=[_rule(1000 + number)])
        for number in range(20):
            body = {"name": f"disk-{number}", "size_gigabytes": 10, "region": REGION}
            self.account.make("/v2/volumes", **body)

    def begin(self, kinds: list[str]) -> None:
        """Begin a round: a frame of one type alone may be the whole of its scope."""
        self._whole = kinds[0] if kinds in (["records"], ["droplets"]) and self.chance.random() < 0.6 else ""

    def listing(self, kind: str) -> str:
        """Return the line that lists a frame."""
        if kind == "records":
            return f"records list {self.domain}"
        return f"{kind} list{f' --tag {TAGS[0]}' if kind == self._whole else ''}"

    @property
    def options(self) -> str:
        """The options that the frames of this round need."""
        return {"": "", "records": " --delete", "droplets": f" --delete --tag {TAGS[0]}"}[self._whole]

    def edit(self, kind: str, frame: Any, times: int) -> tuple[Any, int, dict[tuple[str, str, str], Any]]:
        """Return an edited frame, the number of edits, and what the account must show: by kind, identity and field."""
        frame = frame.copy().astype(object)
        wishes: dict[tuple[str, str, str], Any] = {}
        used: set[Any] = set()
        for _ in range(times):
            frame, wish = getattr(self, f"_edit_{kind}")(frame, used)
            wishes |= wish
        return frame, times, wishes

    def _new(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}-{self._number}"

    def _row(self, frame: Any, used: set[Any], fits: Any = None) -> int | None:
        """Return the place of a row that this round has not touched; None if there is none."""
        rows = [
            place
            for place, row in enumerate(frame.to_dict("records"))
            if place not in used and not pd.isna(row["id"]) and (fits is None or fits(row))
        ]
        if not rows:
            return None
        place = self.chance.choice(rows)
        used.add(place)
        return place

    def _edit_droplets(self, frame: Any, used: set[Any]) -> tuple[Any, dict[Any, Any]]:
        what = self.chance.choice(("new", "name", "size", "tags", "backups", "ipv6"))
        what = "drop" if self._whole and self.chance.random() < 0.2 else what  # a share
        # A volume would be detached with its droplet.
        place = (
            None
            if what == "new"
            else self._row(frame, used, lambda row: row["size"] in SIZES and not row["volume_ids"])
        )
        if place is None:
            name, tags = self._new("made"), [TAGS[0] if self._whole else self.chance.choice(TAGS)]
            row = {"name": name, "size": "s-1vcpu-2gb", "image": IMAGE, "region": REGION, "tags": tags}
            frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True).astype(object)
            return frame, {("droplets", name, "size"): "s-1vcpu-2gb", ("droplets", name, "tags"): frozenset(tags)}
        id_ = str(frame.at[place, "id"])
        if what == "drop":
            frame.loc[place] = None
            return frame, {("droplets", id_, _WHOLE): _MISSING}
        if what == "name":
            frame.at[place, "name"] = name = self._new("renamed")
            return frame, {("droplets", id_, "name"): name}
        if what == "size":
            disk = frame.at[place, "disk"]
            size = self.chance.choice([slug for slug, its in SIZES.items() if its >= disk])
            frame.at[place, "size"] = size
            return frame, {("droplets", id_, "size"): size}
        if what == "tags":
            tags = self.chance.sample(TAGS, self.chance.randint(0, 3))
            frame.at[place, "tags"] = tags
            return frame, {("droplets", id_, "tags"): frozenset(tags)}
        has = what in frame.at[place, "features"]
        wanted = what == "ipv6" or not has
        others = [word for word in frame.at[place, "features"] if word != what]
        frame.at[place, "features"] = [*others, what] if wanted else others
        return frame, {("droplets", id_, what): wanted}

    def _edit_records(self, frame: Any, used: set[Any]) -> tuple[Any, dict[Any, Any]]:
        what = self.chance.choice(("new", "ttl", "data", "name", *(["drop"] if self._whole else [])))
        place = None if what == "new" else self._row(frame, used, lambda row: row["type"] == "A" and row["name"] != "@")
        address = f"198.18.{self.chance.randint(2, 250)}.{self.chance.randint(1, 250)}"
        if place is None:
            name = self._new("made")
            row = {"type": "A", "name": name, "data": address, "ttl": 300}
            frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True).astype(object)
            return frame, {("records", name, "data"): address, ("records", name, "ttl"): 300}
        id_ = str(frame.at[place, "id"])
        if what == "drop":
            # Taken out of the index, so that the places of the others stay.
            frame.loc[place] = None
            return frame, {("records", id_, _WHOLE): _MISSING}
        value = {"ttl": self.chance.choice((60, 600, 900)), "data": address, "name": self._new("moved")}[what]
        frame.at[place, what] = value
        return frame, {("records", id_, what): value}

    def _edit_firewalls(self, frame: Any, used: set[Any]) -> tuple[Any, dict[Any, Any]]:
        place = None if self.chance.random() < 0.2 else self._row(frame, used)  # a share
        port = self.chance.randint(2000, 60000)
        if place is None:
            name, tag = self._new("wall-made"), self.chance.choice(TAGS)
            row = {"name": name, "tags": [tag], "inbound_rules": [_rule(port)]}
            frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True).astype(object)
            return frame, {
                ("firewalls", name, "ports"): frozenset({str(port)}),
                ("firewalls", name, "tags"): frozenset({tag}),
            }
        id_ = str(frame.at[place, "id"])
        if self.chance.random() < 0.5:  # a share
            tags = self.chance.sample(TAGS, self.chance.randint(0, 2))
            frame.at[place, "tags"] = tags
            return frame, {("firewalls", id_, "tags"): frozenset(tags)}
        kept = self.chance.sample(frame.at[place, "inbound_rules"], min(1, len(frame.at[place, "inbound_rules"])))
        frame.at[place, "inbound_rules"] = [*kept, _rule(port)]
        return frame, {("firewalls", id_, "ports"): frozenset(str(rule["ports"]) for rule in [*kept, _rule(port)])}

    def _edit_volumes(self, frame: Any, used: set[Any]) -> tuple[Any, dict[Any, Any]]:
        what = self.chance.choice(("new", "size", "droplet", "droplet", "tags"))
        place = None if what == "new" else self._row(frame, used, lambda row: row["region"] == REGION)
        if place is None:
            name = self._new("disk-made")
            row = {"name": name, "size_gigabytes": 5, "region": REGION, "droplet_ids": [], "tags": []}
            frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True).astype(object)
            return frame, {("volumes", name, "size"): 5}
        id_ = str(frame.at[place, "id"])
        if what == "size":
            size = int(frame.at[place, "size_gigabytes"]) + self.chance.randint(1, 20)
            frame.at[place, "size_gigabytes"] = size
            return frame, {("volumes", id_, "size"): size}
        if what == "tags":
            tags = self.chance.sample(TAGS, self.chance.randint(0, 2))
            frame.at[place, "tags"] = tags
            return frame, {("volumes", id_, "tags"): frozenset(tags)}
        # A few droplets, so that volumes come and go on the same one; seven are the limit of a droplet.
        droplets = [row["id"] for row in self._droplets() if row["region"]["slug"] == REGION][:8]
        attached = [] if self.chance.random() < 0.3 else [self.chance.choice(droplets)]  # a share
        full = sum(attached == ids for ids in frame["droplet_ids"]) >= 5  # below the limit
        attached = [] if full else attached
        frame.at[place, "droplet_ids"] = attached
        return frame, {("volumes", id_, "droplet_ids"): tuple(attached)}

    def _droplets(self) -> list[Any]:
        return self._all("/v2/droplets") + self._all("/v2/droplets?type=gpus")

    def _all(self, path: str) -> list[Any]:
        rows: list[Any] = []
        for page in range(1, 20):
            found = self.account.read(f"{path}{'&' if '?' in path else '?'}per_page=200&page={page}") or []
            rows += found
            if len(found) < 200:  # a page
                break
        return rows

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield kind and name of all that frames create."""
        for kind, path in (
            ("droplets", "/v2/droplets"),
            ("firewalls", "/v2/firewalls"),
            ("volumes", "/v2/volumes"),
            ("records", f"/v2/domains/{self.domain}/records"),
        ):
            for row in self._all(path):
                if "made-" in row["name"]:
                    yield kind, row["name"]

    def truth(self) -> dict[tuple[str, str, str], Any]:
        """Return what the account is: by kind, id and field."""
        found: dict[tuple[str, str, str], Any] = {}

        def put(kind: str, row: Any, fields: dict[str, Any]) -> None:
            for name, value in {**fields, _WHOLE: True}.items():
                found[kind, str(row["id"]), name] = value

        for row in self._droplets():
            features = row["features"]
            fields = {
                "name": row["name"],
                "size": row["size_slug"],
                "tags": frozenset(row["tags"]),
                "status": row["status"],
            }
            put("droplets", row, {**fields, "backups": "backups" in features, "ipv6": "ipv6" in features})
        for row in self._all(f"/v2/domains/{self.domain}/records"):
            put("records", row, {"name": row["name"], "data": row["data"], "ttl": row["ttl"], "type": row["type"]})
        for row in self._all("/v2/firewalls"):
            ports = frozenset(rule["ports"] for rule in row["inbound_rules"])
            put("firewalls", row, {"name": row["name"], "tags": frozenset(row["tags"]), "ports": ports})
        for row in self._all("/v2/volumes"):
            fields = {"name": row["name"], "size": row["size_gigabytes"], "droplet_ids": tuple(row["droplet_ids"])}
            put("volumes", row, {**fields, "tags": frozenset(row["tags"])})
        return found


def _rule(port: int) -> dict[str, Any]:
    return {"protocol": "tcp", "ports": str(port), "sources": {"addresses": ["198.18.0.0/16"]}}
