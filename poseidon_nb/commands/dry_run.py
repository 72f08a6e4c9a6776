"""The GET requests of a command that only reads, for ``--dry-run``. None is sent, and nothing is looked up.

A name that was seen before becomes its id; any other name becomes a placeholder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.fetch import droplet_queries
from poseidon_nb.client.lookup import RESOURCE_TYPES, api_id, is_id
from poseidon_nb.commands.generic.requests import build_requests
from poseidon_nb.commands.selection import is_one
from poseidon_nb.language.spec import source_within
from poseidon_nb.plans.summary import UNKNOWN_ID

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request

#: The placeholder for the id of each of several resources.
EACH_ID = f"{UNKNOWN_ID}EACH"


def operation_reads(command: Command, client: Client, session: DoSession) -> list[Request]:
    """Return the request of a verb that is one operation; nothing for a verb that only affects this kernel.

    Reads that find an id, wait, or check a status are left out.
    """
    if not command.verb.operations:
        return []
    listed = _list_of_several(command)
    if listed == "droplets":
        return droplet_lists(client, {})
    if listed:
        return [client.request(RESOURCE_TYPES[listed].operation)]
    return build_requests(command, client, lambda source, word, parents: seen_id(session, source, word, parents))


def _list_of_several(command: Command) -> str:
    """Return the type of the resources that a command finds in the list of all: several of them, or a pattern."""
    argument = next((one for one in command.verb.arguments if one.many and one.source in RESOURCE_TYPES), None)
    words = command.arguments.get(argument.name, ()) if argument else ()
    reads = operation(command.verb.operations[0]).method == "GET"
    return argument.source if argument and reads and words and not is_one(words) else ""


def list_reads(command: Command, client: Client, _: DoSession) -> list[Request]:
    """Return the requests for the lists that an analysis uses. All pages of each list are read."""
    tag = command.options.get("tag_name")
    requests: list[Request] = []
    for one in command.verb.operations:
        wanted = operation(one)
        path = {parameter.name: EACH_ID for parameter in wanted.path_parameters}
        names = {parameter.name for parameter in wanted.query_parameters}
        query = {name: value for name, value in command.verb.fixed.items() if name in names}
        if one != "droplets_list":
            requests.append(client.request(one, path=path, query=query))
        elif tag or not command.arguments.get("droplets"):
            requests += droplet_lists(client, {**query, "tag_name": tag})
    return requests


def droplet_lists(client: Client, filters: dict[str, Any]) -> list[Request]:
    """Return the requests that list droplets, GPU droplets included."""
    return [client.request("droplets_list", query=query) for query in droplet_queries(filters)]


def droplet_ids(command: Command, session: DoSession) -> list[int | str]:
    """Return the ids of the droplets that a command names, and a placeholder for those with a tag."""
    words = command.arguments.get("droplets") or ()
    tagged = [EACH_ID] if command.options.get("tag_name") else []
    return [*(seen_id(session, "droplets", word) for word in words), *tagged]


def seen_id(session: DoSession, source: str, word: int | str, parents: tuple[int | str, ...] = ()) -> int | str:
    """Return the id of a resource if its name was seen before; else a placeholder with the name."""
    if is_id(source, word):
        return api_id(source, word)
    known = session.id_of(source_within(source, parents), str(word))
    # A public image is sent by its slug, which has no id.
    unseen = word if source == "images" else f"{UNKNOWN_ID}{word}"
    return known if known is not None else unseen
