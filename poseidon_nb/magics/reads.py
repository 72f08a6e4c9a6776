"""The requests of a command that only reads, without sending any: what its ``--dry-run`` shows.

Nothing is looked up. A name that was seen before is shown as its id; of any other the id is left open, as a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.droplets.pages import droplet_queries
from poseidon_nb.client.lookup import is_id, sent_as
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.magics.handlers import handler_of, operations, rightsizing
from poseidon_nb.magics.handlers.droplets import list_filters
from poseidon_nb.magics.handlers.metrics import window
from poseidon_nb.magics.language.moments import before
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.requests.filling import requests_of_operation
from poseidon_nb.plans.texts import UNKNOWN_ID

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.magics.kernel import Kernel
    from poseidon_nb.magics.language.command import Command
    from poseidon_nb.magics.language.words import Verb
    from poseidon_nb.transport.request import Request

#: Stands for the id of each of many.
_EACH = f"{UNKNOWN_ID}EACH"
#: What is reckoned from whole lists too, though its frame has no table of findings: a column for each size; some regions.
_RECKONED = frozenset({("regions", "matrix"), ("regions", "with"), ("explore", "sizes")})


def requests_of(command: Command, client: Client, kernel: Kernel) -> list[Request]:
    """Return the requests of a command that reads, in the order in which they would be sent.

    Parameters
    ----------
    command : Command
    client : Client
        Builds requests; none of them is sent.
    kernel : Kernel
        Knows names that were seen.

    Returns
    -------
    list of Request
        Empty for what happens within this process. Reads that only find an id, wait or settle are left out.
    """
    verb = entry(command.group, command.verb)
    if command.group == "api":
        return [client.api_request(command.arguments["method"], command.arguments["path"])]
    if not verb.operations:
        return []
    if (command.group, command.verb) == ("droplets", "list") and handler_of(command) is not operations.run:
        return _droplet_lists(client, list_filters(command))
    if verb.table in DERIVED_TABLES or (command.group, command.verb) in _RECKONED:
        reads = _READS_OF.get(command.group, _list_requests)
        return reads(command, verb, client, kernel)
    return requests_of_operation(command, verb, client, lambda kind, word: _id(kernel, kind, word))


def _droplet_ids(command: Command, kernel: Kernel) -> list[int | str]:
    words = command.arguments.get("droplets") or [command.arguments.get("droplet")]
    tagged = [_EACH] if command.options.get("tag_name") else []
    return [*(_id(kernel, "droplets", word) for word in words if word is not None), *tagged]


def _droplet_lists(client: Client, filters: dict[str, Any]) -> list[Request]:
    return [client.request("droplets_list", query=query) for query in droplet_queries(filters)]


def _list_requests(command: Command, verb: Verb, client: Client, _: Kernel) -> list[Request]:
    """Return the lists from which something is reckoned; of each all pages are read."""
    tag = command.options.get("tag_name")
    requests = []
    for one in verb.operations:
        wanted = operation(one)
        path = {parameter.name: _EACH for parameter in wanted.path_parameters}
        taken = {parameter.name for parameter in wanted.query_parameters}
        query = {name: value for name, value in verb.fixed.items() if name in taken}
        if one != "droplets_list":
            requests.append(client.request(one, path=path, query=query))
        elif tag or not command.arguments.get("droplets"):
            requests += _droplet_lists(client, {**query, "tag_name": tag})
    return requests


def _metrics_requests(command: Command, verb: Verb, client: Client, kernel: Kernel) -> list[Request]:
    tag = command.options.get("tag_name")
    start, end = window(command, client.now())
    asked = client.metrics.requests(verb.name, _droplet_ids(command, kernel), start=start, end=end)
    return [*(_droplet_lists(client, {"tag_name": tag}) if tag else []), *asked]


def _rightsizing_requests(command: Command, _: Verb, client: Client, kernel: Kernel) -> list[Request]:
    tag = command.options.get("tag_name")
    ids = [_id(kernel, "droplets", word) for word in command.arguments.get("droplets") or ()]
    ids += [_EACH] if tag or not ids else []
    end = client.now()
    read = client.metrics.requests(
        "use", ids, start=before(command.options.get("last") or rightsizing.LAST, end), end=end
    )
    return [*_droplet_lists(client, {"tag_name": tag}), client.request("sizes_list"), *read]


#: What is read of droplets one by one, rather than as lists, by group.
_READS_OF = {"metrics": _metrics_requests, "rightsize": _rightsizing_requests}


def _id(kernel: Kernel, kind: str, word: int | str) -> int | str:
    """Return the id of a thing as far as it was seen; for one that was not, a word that says so."""
    if is_id(kind, word):
        return sent_as(kind, word)
    known = kernel.id_of(kind, str(word))
    # A public image is sent by its slug, which was seen without an id.
    unseen = word if kind == "images" else f"{UNKNOWN_ID}{word}"
    return known if known is not None else unseen
