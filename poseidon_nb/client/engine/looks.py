"""Where to look for what a lost answer was about, by operation, and what a person should look at if nothing is found.

A look returns the answer that was lost, as far as the account shows it, or None. See `recovery` for what counts as ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.actions.progress import IN_PROGRESS
from poseidon_nb.client.connection import items_of
from poseidon_nb.client.engine import recovery
from poseidon_nb.errors import NotFound
from poseidon_nb.text import join_words
from poseidon_nb.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.recovery import Look, SentWindow
    from poseidon_nb.client.engine.steps import Step

    Row = dict[str, Any]

#: How long an action that may be ours may take until its thing shows what it did, in seconds.
SETTLES_S = 60.0
#: Fields of a record that a lost answer's record has to have as they were sent.
_RECORD_FIELDS = ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
#: What a person should look at, by operation, or by what operations of one kind begin with.
_WHERE = {
    "dropletActions_post": "%do droplets actions {id}",
    "droplets_destroy": "%do droplets get {id}",
    "droplets_create": "the droplets named {names}: %do droplets list",
    "imageActions_post": "the actions of image {id}: %do actions list",
    "images_create_custom": "the images named {name}: %do images list --private",
    "images_delete": "%do images list --private",
    "sshKeys": "the keys: %do keys list",
    "tags": "%do tags list",
    "domains": "%do domains list",
    "snapshots": "%do snapshots list",
}


class Looks:
    """The looks of an account, which remember what was seen, so that nothing old is taken for something new.

    Parameters
    ----------
    connection : Connection
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, set[int | str]] = {}
        self._makers: Mapping[str, Callable[[Step], Look]] = {
            "dropletActions_post": self._droplet_action,
            "imageActions_post": self._image_action,
            "droplets_create": self._droplets,
            "droplets_destroy": self._destroyed,
            "sshKeys_create": self._key,
            "tags_create": self._tag,
            "domains_create": self._domain,
            "domains_create_record": self._record,
            "domains_patch_record": self._patched_record,
            "images_create_custom": self._custom_image,
        }

    def look_for(self, step: Step) -> Look | None:
        """Return the look for what a step's request leaves behind, or None where `recovery` knows none but its own."""
        maker = self._makers.get(step.request.operation_id)
        return self._listed(step) if maker is None else maker(step)

    def where(self, step: Step) -> str:
        """Return what a person should look at if nothing is found; ``""`` where the request's own path is all."""
        if not step.targets:
            return ""
        wanted = step.request.operation_id
        if wanted.startswith("domains_") and "record" in wanted:
            return f"%do records list {_domain_of(step)}"
        said = _WHERE.get(wanted) or _WHERE.get(wanted.partition("_")[0], "")
        target = step.targets[0]
        return said.format(id=target.id, name=target.name, names=join_words(one.name for one in step.targets))

    def know(self, kind: str, rows: Any) -> None:
        """Remember things that are older than the next request."""
        self._known.setdefault(kind, set()).update(row["id"] for row in rows)

    def newest(self, operation_id: str, path: Mapping[str, Any]) -> list[Row]:
        """Return the newest actions of a thing, as many as a page holds, as the API sends them."""
        request = self._connection.request(operation_id, path=path).with_query(page=1, per_page=200)
        return items_of(self._connection.send(request).body, "actions", operation_id)

    def _unknown(self, kind: str, rows: list[Row]) -> list[Row]:
        known = self._known.get(kind, set())
        return [row for row in rows if row["id"] not in known]

    # Anything that has a list.

    def _listed(self, step: Step) -> Look | None:
        """Return the look for what a POST to a collection creates: the one new item of its list that is as was asked."""
        request = step.request
        if request.method != "POST" or not request.operation_id or not isinstance(request.body, dict):
            return None
        key, found = operation(request.operation_id).response_key, match("GET", request.path)
        if not key or found is None or not found[0].response_is_list:
            return None
        if found[0].response_key == "actions":
            return self._action(step)
        wanted, body = found[0].id, request.body

        def look(window: SentWindow) -> Row | None:
            rows = self._connection.rows_of(Request("GET", request.path, operation_id=wanted))
            since = window.since()
            # What does not tell when it was created cannot be told from what was there before.
            new = [row for row in rows if recovery.is_since(row.get("created_at"), since)]
            made = [row for row in new if {*row} & {*body} and recovery.reads_as(row, body)]
            named = [row for row in made if "name" not in body or row.get("name") == body["name"]]
            return {key: named[0]} if len(named) == 1 else None

        return look

    # Actions and droplets.

    def _action(self, step: Step) -> Look:
        """Return the look for an action on something that tells its actions, such as a volume."""
        path, body = step.request.path, step.request.body
        found, parent = match("GET", path), match("GET", path.removesuffix("/actions"))
        listed, read = (found[0].id if found else ""), (parent[0].id if parent else "")

        def started(window: SentWindow) -> list[Row]:
            rows = self._unknown("actions", self._connection.rows_of(Request("GET", path, operation_id=listed)))
            since, wanted = window.since(), str(body.get("type"))
            # A volume's attach is an attach_volume in the list.
            new = [row for row in rows if f"{row['type']}_".startswith(f"{wanted}_")]
            return [row for row in new if recovery.is_since(row.get("started_at"), since)]

        def look(window: SentWindow) -> Row | None:
            new, clock = started(window), self._connection.session.clock
            ends_s = clock.monotonic() + SETTLES_S
            while len(new) == 1 and new[0]["status"] == IN_PROGRESS and clock.monotonic() < ends_s:
                # Whether it is ours shows only when it has ended.
                clock.sleep(recovery.LOOKS_AFTER_S[-1])
                new = started(window)
            if len(new) != 1 or not read:
                return None
            request = Request("GET", path.removesuffix("/actions"), operation_id=read)
            thing = self._connection.unwrapped(read, self._connection.send(request).json())
            return {"action": new[0]} if _shows(thing, body) else None

        return look

    def _droplet_action(self, step: Step) -> Look:
        return self._started("dropletActions_list", {"droplet_id": step.targets[0].id}, step.request.body["type"])

    def _image_action(self, step: Step) -> Look:
        return self._started("imageActions_list", {"image_id": step.targets[0].id}, step.request.body["type"])

    def _started(self, operation_id: str, path: Mapping[str, Any], action_type: str) -> Look:
        def look(window: SentWindow) -> Row | None:
            rows = self._unknown("actions", self.newest(operation_id, path))
            found = recovery.started_since(rows, action_type, window.since())
            return None if found is None else {"action": found}

        return look

    def _droplets(self, step: Step) -> Look:
        body = step.request.body
        names = body.get("names") or [body["name"]]

        def look(window: SentWindow) -> Row | None:
            rows = [
                row
                for name in dict.fromkeys(names)
                for row in self._connection.rows("droplets_list", query={"name": name})
            ]
            if str(body["size"]).startswith("gpu-"):
                rows += self._connection.rows("droplets_list", query={"type": "gpus"})
            found = recovery.created_as_asked(self._unknown("droplets", rows), body, window.since())
            if found is None:
                return None
            return {"links": {}, **({"droplets": found} if "names" in body else {"droplet": found[0]})}

        return look

    def _destroyed(self, step: Step) -> Look:
        path = {"droplet_id": step.targets[0].id}

        def going(window: SentWindow) -> bool:
            rows = self.newest("dropletActions_list", path)
            return recovery.started_since(rows, "destroy", window.since()) is not None

        return recovery.gone(self._connection, self._connection.request("droplets_get", path=path), going)

    # Images, keys and tags.

    def _custom_image(self, step: Step) -> Look:
        body = step.request.body

        def look(window: SentWindow) -> Row | None:
            rows = self._unknown("images", self._connection.rows("images_list", query={"private": True}))
            since = window.since()
            found = [row for row in rows if recovery.is_since(row.get("created_at"), since) and _is_image(row, body)]
            return {"image": found[0]} if len(found) == 1 else None

        return look

    def _key(self, step: Step) -> Look:
        body = step.request.body

        def look(_: SentWindow) -> Row | None:
            # An account has a key once, so that name and key together are the request.
            found = [
                row
                for row in self._connection.rows("sshKeys_list")
                if row["public_key"].split()[:2] == body["public_key"].split()[:2] and row["name"] == body["name"]
            ]
            return {"ssh_key": found[0]} if found else None

        return look

    def _tag(self, step: Step) -> Look:
        def look(_: SentWindow) -> Row:
            return {"tag": self._connection.one("tags_get", path={"tag_id": step.request.body["name"]})}

        return look

    # Domains and their records.

    def _domain(self, step: Step) -> Look:
        body = step.request.body

        def look(_: SentWindow) -> Row | None:
            # A domain does not say when it was made; what was asked for has to be there, all of it.
            path = {"domain_name": body["name"]}
            found = self._connection.one("domains_get", path=path)
            address = body.get("ip_address")
            query = {"type": "A", "name": body["name"]}
            leads = [row["data"] for row in self._connection.rows("domains_list_records", path=path, query=query)]
            return {"domain": found} if not address or address in leads else None

        return look

    def _record(self, step: Step) -> Look:
        body, path = step.request.body, {"domain_name": _domain_of(step)}

        def look(_: SentWindow) -> Row | None:
            # A record does not say when it was made: it must be one that was not seen before, and the only one.
            rows = self._connection.rows("domains_list_records", path=path, query={"type": body["type"]})
            found = [row for row in self._unknown("records", rows) if _reads(row, body)]
            return {"domain_record": found[0]} if len(found) == 1 else None

        return look

    def _patched_record(self, step: Step) -> Look:
        body, path = step.request.body, {"domain_name": _domain_of(step), "domain_record_id": step.targets[0].id}

        def look(_: SentWindow) -> Row | None:
            try:
                row = self._connection.one("domains_get_record", path=path)
            except NotFound:
                return None
            return {"domain_record": row} if _reads(row, body) else None

        return look


def _shows(thing: Row, body: Row) -> bool:
    """Return whether a thing reads as an action would leave it: the action does not tell what it was asked for."""
    for name, value in body.items():
        if name in {"type", "region"}:
            continue
        if name == "droplet_id":
            droplet = thing.get("droplet") or {}
            there = value in (thing.get("droplet_ids") or [droplet.get("id")])
            if there == str(body["type"]).startswith(("detach", "unassign")):
                return False
        elif name not in thing or not recovery.reads_as(thing[name], value):
            return False
    return True


def _domain_of(step: Step) -> str:
    """Return the domain in the path of a request: ``/v2/domains/{domain_name}/records``."""
    return unquote(step.request.path.split("/")[3])


def _is_image(row: Row, body: Row) -> bool:
    said = {name: body[name] for name in ("name", "description", "distribution") if body.get(name)}
    return (
        row["type"] == "custom"
        and all(row.get(name) == value for name, value in said.items())
        and body.get("region") in (row.get("regions") or [body.get("region")])
        and set(body.get("tags") or ()) == set(row.get("tags") or ())
    )


def _reads(row: Row, body: Row) -> bool:
    """Return whether a record reads as it was written: names without their last dot, and in any letter case."""

    def read(value: object) -> object:
        return value.removesuffix(".").casefold() if isinstance(value, str) else value

    return all(read(row.get(field)) == read(body[field]) for field in _RECORD_FIELDS if field in body)
