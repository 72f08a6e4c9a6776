"""The requests that a command stands for, without sending any: what ``--dry-run`` shows.

Nothing is asked either. A name that was seen before is shown as its id; of any other the id is left open, as a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.droplet import Step, resize_steps
from poseidon_nb.client.droplets import AT_ONCE
from poseidon_nb.magics.bodies import read_body
from poseidon_nb.magics.files import read_text
from poseidon_nb.magics.vocabulary import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.client import Client
    from poseidon_nb.magics.command import Command
    from poseidon_nb.magics.kernel import Kernel
    from poseidon_nb.transport.request import Request

#: What is named by people and sent as an id.
_BY_ID = {"droplets", "keys", "snapshots"}
#: A fingerprint or a UUID, which is sent as it is.
_IDENTIFIER = re.compile(r"([0-9a-f]{2}:){15}[0-9a-f]{2}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SNAPSHOT = "take_snapshot"


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
    if command.group == "droplets":
        return _droplet_requests(command, client, kernel)
    return _general(command, client, kernel)


def _droplet_requests(command: Command, client: Client, kernel: Kernel) -> list[Request]:
    if command.verb == "list":
        tag, gpus = command.options.get("tag_name"), command.options.get("gpus")
        listed = [client.request("droplets_list", query={"tag_name": tag} if tag else {})]
        return [*([] if gpus else listed), client.request("droplets_list", query={"type": "gpus"})]
    if command.verb == "create":
        names = list(command.arguments["names"])
        fields = create_fields(command)
        if "ssh_keys" in fields:
            fields["ssh_keys"] = [_id(kernel, "keys", key) for key in fields["ssh_keys"]]
        if len(names) == 1:
            return [client.request("droplets_create", body={"name": names[0], **fields})]
        batches = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
        return [client.request("droplets_create", body={"names": batch, **fields}) for batch in batches]
    tag = command.options.get("tag_name")
    words = command.arguments.get("droplets") or [command.arguments.get("droplet")]
    found = [client.request("droplets_list", query={"tag_name": tag})] if tag else []
    ids = [_id(kernel, "droplets", word) for word in words if word is not None] + (["ID-OF-EACH"] if tag else [])
    operation_id = entry(command.group, command.verb).operations[0]
    if operation_id != "dropletActions_post":
        return found + [client.request(operation_id, path={"droplet_id": one}) for one in ids]
    bodies = [step.body for step in steps_of(command)]
    return found + [client.request(operation_id, path={"droplet_id": one}, body=body) for one in ids for body in bodies]


def steps_of(command: Command) -> list[Step]:
    """Give the actions that a verb upon a droplet is made of."""
    options = command.options
    if command.verb == "resize":
        return resize_steps(options["size"], disk=options.get("disk", False), restart=options.get("restart", False))
    if command.verb == "rename":
        return [Step("rename", {"name": command.arguments["name"]})]
    if command.verb == _SNAPSHOT:
        return [Step("snapshot", {"name": options["name"]})]
    return [Step(command.verb, {})]


def create_fields(command: Command) -> dict[str, Any]:
    """Give the body fields of a create but its names, as the API wants them."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in command.options.items()}
    file = fields.pop("user_data_file", None)
    if command.body is not None:
        fields["user_data"] = command.body
    elif file is not None:
        fields["user_data"] = read_text(str(file))
    if "ssh_keys" in fields:
        fields["ssh_keys"] = [int(key) if key.isdecimal() else key for key in fields["ssh_keys"]]
    return fields


def key_fields(command: Command) -> dict[str, Any]:
    """Give the body fields of a new key."""
    file = command.options.get("public_key_file")
    text = command.options["public_key"] if file is None else read_text(file)
    return {"name": command.arguments["name"], "public_key": text.strip()}


def _general(command: Command, client: Client, kernel: Kernel) -> list[Request]:
    """Give the requests of a verb that is one operation: arguments fill the path and then the body, options the query."""
    verb = entry(command.group, command.verb)
    wanted = operation(verb.operations[0])
    if wanted.id == "sshKeys_create":
        return [client.request(wanted.id, body=key_fields(command))]
    values = [_ids(kernel, argument.source, command.arguments[argument.name]) for argument in verb.arguments]
    many = next((value for value in values if isinstance(value, tuple)), None)
    # A verb that takes many takes nothing else, and is one request for each.
    sets = [values] if many is None else [[one] for one in many]
    return [_filled(client, wanted, each, command.options) for each in sets]


def _filled(client: Client, wanted: Operation, values: list[Any], options: Mapping[str, Any]) -> Request:
    path = {parameter.name: value for parameter, value in zip(wanted.path_parameters, values, strict=False)}
    fields = [field.name for field in wanted.body_fields]
    body = dict(zip(fields, values[len(path) :], strict=False))
    return client.request(wanted.id, path=path, body=body or None, query=options)


def _ids(kernel: Kernel, kind: str, value: Any) -> Any:
    """Give an argument as the path has it: an id for the name of what has ids, anything else as it is."""
    if kind not in _BY_ID:
        return value
    return tuple(_id(kernel, kind, word) for word in value) if isinstance(value, tuple) else _id(kernel, kind, value)


def _id(kernel: Kernel, kind: str, word: int | str) -> int | str:
    if isinstance(word, int) or word.isdecimal() or _IDENTIFIER.fullmatch(word):
        return word
    known = kernel.id_of(kind, word)
    return known if known is not None else f"ID-OF-{word}"
