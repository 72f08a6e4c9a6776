"""What the sandbox has shown in a run of random requests: the things in each collection, and what paths call them."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poseidon_nb.catalogue import Operation

#: The fields by which paths name things, in the order in which they are tried.
_NAMING = ("id", "uuid", "key_id", "access_key", "ip", "name", "slug", "tag", "digest", "urn", "invoice_uuid")
#: Parameters that name things by another field than most.
_NAMED_BY = {
    **dict.fromkeys(("username", "database_name", "pool_name", "replica_name", "topic_name", "index_name"), "name"),
    **dict.fromkeys(("registry_name", "repository_name", "trigger_name", "domain_name", "component_name"), "name"),
    "tag_id": "name",
    "repository_tag": "tag",
    "manifest_digest": "digest",
    "namespace_id": "namespace",
    "subject_name": "subject",
    "app_slug": "slug",
    "finding_uuid": "finding_uuid",
    "invoice_uuid": "invoice_uuid",
}
#: Where things are listed that have paths of their own elsewhere.
LISTED_AT = {
    "/v2/registry": "/v2/registries",
    "/v2/nfs/shares": "/v2/nfs",
    "/v2/volumes/snapshots": "/v2/snapshots",
    "/v2/gen-ai/scheduled-indexing/knowledge-base": "/v2/gen-ai/knowledge_bases",
}


class Known:
    """What the sandbox has shown: the things in each collection, also those that are gone."""

    def __init__(self) -> None:
        self.things: dict[str, deque[Any]] = defaultdict(lambda: deque(maxlen=40))

    def at(self, place: str) -> deque[Any]:
        """Return what is known at a path, oldest first."""
        if place.endswith("/repositories"):
            place += "V2"
        return self.things.get(LISTED_AT.get(place, place), deque())

    def fade(self) -> None:
        """Forget most of what was seen: the account is read again."""
        for place, things in self.things.items():
            self.things[place] = deque([*things][-3:], maxlen=40)

    def learn(self, one: Operation, path: str, answer: Any) -> None:
        """Remember the things in a successful answer."""
        if not isinstance(answer, dict):
            return
        found = answer.get(one.response_key, answer) if one.response_key else answer
        if found is answer and not (answer.keys() & {*_NAMING}):
            found = next((value for value in answer.values() if isinstance(value, list | dict)), answer)
        things = found if isinstance(found, list) else [found]
        place = path if one.method in {"GET", "POST"} and not one.path.endswith("}") else path.rpartition("/")[0]
        self.things[place].extend(thing for thing in things[-8:] if isinstance(thing, dict | str))


def names_of(thing: dict[str, Any]) -> list[str | int]:
    """Return everything by which paths may name a thing."""
    return [thing[name] for name in _NAMING if isinstance(thing.get(name), str | int)]


def name_of(thing: Any, parameter: str) -> Any:
    """Return what a path parameter calls a thing, or None."""
    if isinstance(thing, str):
        return thing
    for name in (_NAMED_BY.get(parameter, parameter), parameter, *_NAMING):
        if isinstance(thing.get(name), str | int):
            return thing[name]
    inner = next((value for value in thing.values() if isinstance(value, dict) and value.keys() & {*_NAMING}), None)
    return None if inner is None else name_of(inner, parameter)
