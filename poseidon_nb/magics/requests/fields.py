"""What the verbs that are written out send: the fields of their requests, out of a command's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.magics.requests.files import read_text
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from poseidon_nb.magics.language.command import Command

#: What a backup policy is made of.
_POLICY = ("plan", "weekday", "hour")


def action_parameters(command: Command) -> dict[str, Any]:
    """Return what the action that a verb upon droplets stands for has beside its type."""
    fields = {name: value for name, value in command.options.items() if name not in {"tag_name", "restart"}}
    if command.verb == "resize":
        return {"size": fields["size"], "disk": fields.get("disk", False)}
    policy = {name: fields.pop(name) for name in _POLICY if name in fields}
    if "name" in command.arguments:
        fields["name"] = command.arguments["name"]
    return {**fields, **({"backup_policy": policy} if policy else {})}


def create_fields(command: Command) -> dict[str, Any]:
    """Return the body fields of a create but its names, as the API wants them."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in command.options.items()}
    fields.pop("wait_for", None)
    file = fields.pop("user_data_file", None)
    if command.body is not None:
        fields["user_data"] = command.body
    elif file is not None:
        fields["user_data"] = read_text(str(file))
    image = fields.get("image")
    if isinstance(image, str) and is_integer(image):
        fields["image"] = int(image)
    if "ssh_keys" in fields:
        fields["ssh_keys"] = [int(key) if is_integer(key) else key for key in fields["ssh_keys"]]
    return fields


def key_fields(command: Command) -> dict[str, Any]:
    """Return the body fields of a new key."""
    file = command.options.get("public_key_file")
    text = command.options["public_key"] if file is None else read_text(file)
    return {"name": command.arguments["name"], "public_key": text.strip()}
