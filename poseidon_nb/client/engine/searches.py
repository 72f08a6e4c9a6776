"""Searches of the account for what a lost answer was about, by operation.

A search returns the lost answer as far as the account shows it, or None. `recovery` decides what counts as a match.
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
from poseidon_nb.transport.pagination import PER_PAGE
from poseidon_nb.transport.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.recovery import Search, SentWindow
    from poseidon_nb.client.engine.steps import Step

    Row = dict[str, Any]

#: Seconds to wait for a possible match to end, because only the resource shows what an action did.
ACTION_TIMEOUT_S = 60.0
#: Fields of a DNS record that must match the request.
_RECORD_FIELDS = ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
#: What the user should check, by operationId or its prefix.
_PLACES = {
    "dropletActions_post": "%do droplets actions {id}",
    "droplets_destroy": "%do droplets get {id}",
    "droplets_create": "the droplets named {names} with %do droplets list",
    "imageActions_post": "the actions of image {id} with %do actions list",
    "images_create_custom": "the images named {name} with %do images list --private",
    "images_delete": "%do images list --private",
    "sshKeys": "%do keys list",
    "tags": "%do tags list",
    "domains": "%do domains list",
    "snapshots": "%do snapshots list",
}


#: The fields of a body by which its effect is searched.
_SEARCHED_BY: Mapping[str, frozenset[str]] = {
    "dropletActions_post": frozenset({"type"}),
    "imageActions_post": frozenset({"type"}),
    "droplets_create": frozenset({"size", "image"}),
    "sshKeys_create": frozenset({"name", "public_key"}),
    "tags_create": frozenset({"name"}),
    "domains_create": frozenset({"name"}),
    "domains_create_record": frozenset({"type"}),
    "images_create_custom": frozenset({"name"}),
}


class Searches:
    """Searches an account, and remembers what was seen before, so that nothing old counts as new.

    Parameters
    ----------
    connection : Connection
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, set[int | str]] = {}
        self._methods: Mapping[str, Callable[[Step], Search]] = {
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

    def for_step(self, step: Step) -> Search | None:
        """Return the search for the effect of a step's request; None leaves it to the default of `recovery`."""
        method = self._methods.get(step.request.operation_id)
        if method is None:
            return self._listed(step)
        body = step.request.body if isinstance(step.request.body, dict) else {}
        # A body without these is refused by the API, and nothing can be searched by it.
        return method(step) if _SEARCHED_BY.get(step.request.operation_id, frozenset()) <= body.keys() else None

    def place_to_check(self, step: Step) -> str:
        """Return what the user should check if nothing is found; ``""`` for the path of the request."""
        if not step.targets:
            return ""
        operation_id = step.request.operation_id
        if operation_id.startswith("domains_") and "record" in operation_id:
            return f"%do records list {_domain_of(step)}"
        place = _PLACES.get(operation_id) or _PLACES.get(operation_id.partition("_")[0], "")
        target = step.targets[0]
        return place.format(id=target.id, name=target.name, names=join_words(one.name for one in step.targets))

    def remember(self, kind: str, rows: Any) -> None:
        """Remember rows that are older than the next request."""
        self._known.setdefault(kind, set()).update(row["id"] for row in rows)

    def newest_actions(self, operation_id: str, path: Mapping[str, Any]) -> list[Row]:
        """Read the first page of a resource's actions, newest first, as the API sends them."""
        request = self._connection.request(operation_id, path=path).with_query(page=1, per_page=PER_PAGE)
        return items_of(self._connection.send(request).body, "actions", operation_id)

    def _unknown(self, kind: str, rows: list[Row]) -> list[Row]:
        known = self._known.get(kind, set())
        return [row for row in rows if row["id"] not in known]

    def _listed(self, step: Step) -> Search | None:
        """Return the search after a POST to a collection: the only new item of its list that matches the request."""
        request = step.request
        if request.method != "POST" or not request.operation_id or not isinstance(request.body, dict):
            return None
        key, found = operation(request.operation_id).response_key, match("GET", request.path)
        if not key or found is None or not found[0].response_is_list:
            return None
        if found[0].response_key == "actions":
            return self._action(step)
        wanted, body = found[0].id, request.body

        def search(window: SentWindow) -> Row | None:
            rows = self._connection.rows_of(Request("GET", request.path, operation_id=wanted))
            since = window.since()
            # Items without a creation time cannot be told from older ones.
            new = [row for row in rows if recovery.is_since(row.get("created_at"), since)]
            matching = [row for row in new if {*row} & {*body} and recovery.matches(row, body)]
            named = [row for row in matching if "name" not in body or row.get("name") == body["name"]]
            return {key: named[0]} if len(named) == 1 else None

        return search

    def _action(self, step: Step) -> Search:
        """Return the search for an action on a resource that lists its actions, such as a volume."""
        path, body = step.request.path, step.request.body
        found, parent = match("GET", path), match("GET", path.removesuffix("/actions"))
        listed, read = (found[0].id if found else ""), (parent[0].id if parent else "")

        def started(window: SentWindow) -> list[Row]:
            rows = self._unknown("actions", self._connection.rows_of(Request("GET", path, operation_id=listed)))
            since, wanted = window.since(), str(body.get("type"))
            # The attach of a volume is listed as attach_volume.
            new = [row for row in rows if f"{row['type']}_".startswith(f"{wanted}_")]
            return [row for row in new if recovery.is_since(row.get("started_at"), since)]

        def search(window: SentWindow) -> Row | None:
            new, clock = started(window), self._connection.session.clock
            ends_s = clock.monotonic() + ACTION_TIMEOUT_S
            while len(new) == 1 and new[0]["status"] == IN_PROGRESS and clock.monotonic() < ends_s:
                # Only after its end does the resource show whether it is ours.
                clock.sleep(recovery.SEARCH_DELAYS_S[-1])
                new = started(window)
            if len(new) != 1 or not read:
                return None
            request = Request("GET", path.removesuffix("/actions"), operation_id=read)
            resource = self._connection.unwrapped(read, self._connection.send(request).json())
            return {"action": new[0]} if _reflects_action(resource, body) else None

        return search

    def _droplet_action(self, step: Step) -> Search:
        return self._started("dropletActions_list", {"droplet_id": step.targets[0].id}, step.request.body["type"])

    def _image_action(self, step: Step) -> Search:
        return self._started("imageActions_list", {"image_id": step.targets[0].id}, step.request.body["type"])

    def _started(self, operation_id: str, path: Mapping[str, Any], action_type: str) -> Search:
        def search(window: SentWindow) -> Row | None:
            rows = self._unknown("actions", self.newest_actions(operation_id, path))
            found = recovery.find_started(rows, action_type, window.since())
            return None if found is None else {"action": found}

        return search

    def _droplets(self, step: Step) -> Search:
        body = step.request.body
        names = body.get("names") or [body.get("name", "")]

        def search(window: SentWindow) -> Row | None:
            rows = [
                row
                for name in dict.fromkeys(names)
                for row in self._connection.rows("droplets_list", query={"name": name})
            ]
            if str(body["size"]).startswith("gpu-"):
                rows += self._connection.rows("droplets_list", query={"type": "gpus"})
            found = recovery.find_created(self._unknown("droplets", rows), body, window.since())
            if found is None:
                return None
            return {"links": {}, **({"droplets": found} if "names" in body else {"droplet": found[0]})}

        return search

    def _destroyed(self, step: Step) -> Search:
        path = {"droplet_id": step.targets[0].id}

        def is_deleting(window: SentWindow) -> bool:
            rows = self.newest_actions("dropletActions_list", path)
            return recovery.find_started(rows, "destroy", window.since()) is not None

        return recovery.search_deleted(
            self._connection, self._connection.request("droplets_get", path=path), is_deleting
        )

    def _custom_image(self, step: Step) -> Search:
        body = step.request.body

        def search(window: SentWindow) -> Row | None:
            rows = self._unknown("images", self._connection.rows("images_list", query={"private": True}))
            since = window.since()
            found = [
                row for row in rows if recovery.is_since(row.get("created_at"), since) and _matches_image(row, body)
            ]
            return {"image": found[0]} if len(found) == 1 else None

        return search

    def _key(self, step: Step) -> Search:
        body = step.request.body

        def search(_: SentWindow) -> Row | None:
            # An account holds a public key only once, so name and key identify the request.
            found = [
                row
                for row in self._connection.rows("sshKeys_list")
                if row["public_key"].split()[:2] == body["public_key"].split()[:2] and row["name"] == body["name"]
            ]
            return {"ssh_key": found[0]} if found else None

        return search

    def _tag(self, step: Step) -> Search:
        def search(_: SentWindow) -> Row:
            return {"tag": self._connection.one("tags_get", path={"tag_id": step.request.body["name"]})}

        return search

    def _domain(self, step: Step) -> Search:
        body = step.request.body

        def search(_: SentWindow) -> Row | None:
            # A domain has no creation time, so everything that was requested must be there.
            path = {"domain_name": body["name"]}
            found = self._connection.one("domains_get", path=path)
            address = body.get("ip_address")
            query = {"type": "A", "name": body["name"]}
            addresses = [row["data"] for row in self._connection.rows("domains_list_records", path=path, query=query)]
            return {"domain": found} if not address or address in addresses else None

        return search

    def _record(self, step: Step) -> Search:
        body, path = step.request.body, {"domain_name": _domain_of(step)}

        def search(_: SentWindow) -> Row | None:
            # A record has no creation time, so it must be the only one that was not seen before.
            rows = self._connection.rows("domains_list_records", path=path, query={"type": body["type"]})
            found = [row for row in self._unknown("records", rows) if _matches_record(row, body)]
            return {"domain_record": found[0]} if len(found) == 1 else None

        return search

    def _patched_record(self, step: Step) -> Search:
        body, path = step.request.body, {"domain_name": _domain_of(step), "domain_record_id": step.targets[0].id}

        def search(_: SentWindow) -> Row | None:
            try:
                row = self._connection.one("domains_get_record", path=path)
            except NotFound:
                return None
            return {"domain_record": row} if _matches_record(row, body) else None

        return search


def _reflects_action(resource: Row, body: Row) -> bool:
    """Return whether a resource reads as the action would leave it; the action does not show its parameters."""
    for name, value in body.items():
        if name in {"type", "region"}:
            continue
        if name == "droplet_id":
            droplet = resource.get("droplet") or {}
            attached = value in (resource.get("droplet_ids") or [droplet.get("id")])
            if attached == str(body["type"]).startswith(("detach", "unassign")):
                return False
        elif name not in resource or not recovery.matches(resource[name], value):
            return False
    return True


def _domain_of(step: Step) -> str:
    """Return the domain in the path of a request: ``/v2/domains/{domain_name}/records``."""
    return unquote(step.request.path.split("/")[3])


def _matches_image(row: Row, body: Row) -> bool:
    text = {name: body[name] for name in ("name", "description", "distribution") if body.get(name)}
    return (
        row["type"] == "custom"
        and all(row.get(name) == value for name, value in text.items())
        and body.get("region") in (row.get("regions") or [body.get("region")])
        and set(body.get("tags") or ()) == set(row.get("tags") or ())
    )


def _matches_record(row: Row, body: Row) -> bool:
    """Return whether a DNS record matches a request, ignoring letter case and the trailing dot of names."""

    def normalized(value: object) -> object:
        return value.removesuffix(".").casefold() if isinstance(value, str) else value

    return all(normalized(row.get(field)) == normalized(body[field]) for field in _RECORD_FIELDS if field in body)
