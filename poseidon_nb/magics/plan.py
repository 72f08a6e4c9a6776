"""The requests that a command stands for, without sending any: what ``--dry-run`` shows.

Nothing is asked either. A name that was seen before is shown as its id; of any other the id is left open, as a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.droplets.creation import AT_ONCE
from poseidon_nb.client.lookup import is_id, sent_as
from poseidon_nb.frames.schemas import FINDINGS
from poseidon_nb.magics.handlers import handler_of, operations, rightsizing
from poseidon_nb.magics.handlers.metrics import window
from poseidon_nb.magics.language.moments import before
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.requests.bodies import read_body
from poseidon_nb.magics.requests.fields import create_fields, key_fields, steps_of, tagged_resources
from poseidon_nb.magics.requests.filling import requests_of_operation

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.magics.kernel import Kernel
    from poseidon_nb.magics.language.command import Command
    from poseidon_nb.magics.language.words import Verb
    from poseidon_nb.transport.request import Request

#: What is reckoned from whole lists too, though its frame has no table of findings: a column for each size; some regions.
_RECKONED = frozenset({("regions", "matrix"), ("regions", "with"), ("explore", "sizes")})


def requests_of(command: Command, client: Client, kernel: Kernel) -> list[Request]:
    """Give the requests of a command, in the order in which they would be sent.

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
        body = read_body(command.body) if command.body else None
        return [client.api_request(command.arguments["method"], command.arguments["path"], body=body)]
    if not verb.operations:
        return []
    if command.group == "droplets" and handler_of(command) is not operations.run:
        return _droplet_requests(command, client, kernel)
    if verb.table in FINDINGS or (command.group, command.verb) in _RECKONED:
        reads = _READS_OF.get(command.group, _list_requests)
        return reads(command, verb, client, kernel)
    if verb.stands_for == "sshKeys_create" and not command.body:
        return [client.request(verb.stands_for, body=key_fields(command))]
    return requests_of_operation(command, verb, client, lambda kind, word: _id(kernel, kind, word))


def _droplet_requests(command: Command, client: Client, kernel: Kernel) -> list[Request]:
    if command.verb == "list":
        tag, gpus = command.options.get("tag_name"), command.options.get("gpus")
        listed = [client.request("droplets_list", query={"tag_name": tag} if tag else {})]
        return [*([] if gpus else listed), client.request("droplets_list", query={"type": "gpus"})]
    if command.verb == "create":
        names = list(command.arguments["names"])
        fields = create_fields(command)
        for field, kind in (("ssh_keys", "keys"), ("volumes", "volumes")):
            if field in fields:
                fields[field] = [_id(kernel, kind, word) for word in fields[field]]
        if len(names) == 1:
            return [client.request("droplets_create", body={"name": names[0], **fields})]
        batches = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
        return [client.request("droplets_create", body={"names": batch, **fields}) for batch in batches]
    tag = command.options.get("tag_name")
    found = [client.request("droplets_list", query={"tag_name": tag})] if tag else []
    ids = _droplet_ids(command, kernel)
    operation_id = entry(command.group, command.verb).operations[0]
    if command.verb in {"tag", "untag"}:
        body = {"resources": tagged_resources(ids)}
        return [*found, client.request(operation_id, path={"tag_id": command.options["name"]}, body=body)]
    if operation_id != "dropletActions_post":
        return found + [client.request(operation_id, path={"droplet_id": one}) for one in ids]
    bodies = [step.body for step in steps_of(command)]
    return found + [client.request(operation_id, path={"droplet_id": one}, body=body) for one in ids for body in bodies]


def _droplet_ids(command: Command, kernel: Kernel) -> list[int | str]:
    words = command.arguments.get("droplets") or [command.arguments.get("droplet")]
    tagged = ["ID-OF-EACH"] if command.options.get("tag_name") else []
    return [*(_id(kernel, "droplets", word) for word in words if word is not None), *tagged]


def _list_requests(command: Command, verb: Verb, client: Client, _: Kernel) -> list[Request]:
    """Give the lists from which something is reckoned; of each all pages are read."""
    tag = command.options.get("tag_name")
    requests = []
    for one in verb.operations:
        wanted = operation(one)
        path = {parameter.name: "ID-OF-EACH" for parameter in wanted.path_parameters}
        taken = {parameter.name for parameter in wanted.query_parameters}
        query = {name: value for name, value in verb.fixed.items() if name in taken}
        if tag and one == "droplets_list":
            query["tag_name"] = tag
        requests.append(client.request(one, path=path, query=query))
        if one == "droplets_list" and not verb.arguments:
            # All droplets are two lists.
            requests.append(client.request(one, query={"type": "gpus"}))
    return requests


def _metrics_requests(command: Command, verb: Verb, client: Client, kernel: Kernel) -> list[Request]:
    tag = command.options.get("tag_name")
    start, end = window(command, client.now())
    asked = client.metrics.requests(verb.name, _droplet_ids(command, kernel), start=start, end=end)
    return [*([client.request("droplets_list", query={"tag_name": tag})] if tag else []), *asked]


def _rightsizing_requests(command: Command, _: Verb, client: Client, kernel: Kernel) -> list[Request]:
    tag = command.options.get("tag_name")
    ids = [_id(kernel, "droplets", word) for word in command.arguments.get("droplets") or ()]
    ids += ["ID-OF-EACH"] if tag or not ids else []
    listed = client.request("droplets_list", query={"tag_name": tag} if tag else {})
    end = client.now()
    read = client.metrics.requests(
        "use", ids, start=before(command.options.get("last") or rightsizing.LAST, end), end=end
    )
    return [listed, client.request("sizes_list"), *read]


#: What is read of droplets one by one, rather than as lists, by group.
_READS_OF = {"metrics": _metrics_requests, "rightsize": _rightsizing_requests}


def _id(kernel: Kernel, kind: str, word: int | str) -> int | str:
    """Give the id of a thing as far as it was seen; for one that was not, a word that says so."""
    if is_id(kind, word):
        return sent_as(kind, word)
    known = kernel.id_of(kind, str(word))
    # A public image is sent by its slug, which was seen without an id.
    unseen = word if kind == "images" else f"ID-OF-{word}"
    return known if known is not None else unseen
