"""The account, its actions and SSH keys, and the regions and sizes that are the same for every account.

A key's path takes its id or its fingerprint, which is the MD5 digest of the key's blob. The refusal of a key that the
account has already is quoted in packer-plugin-digitalocean#113. Not documented, chosen here: the message for an invalid key.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.actions import find_action
from poseidon_nb.sandbox.call import required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import respond, unprocessable
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_KEY_TYPES = frozenset(
    {
        "ssh-rsa",
        "ssh-dss",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
_INVALID_KEY_TEXT = "SSH Key is invalid. A public key has a type, base64 text and an optional comment."


def get_account(call: Call) -> HTTPResponse:
    """Handle ``account_get``."""
    return call.respond("account", StoredObject(call.world.state.account))


def list_actions(call: Call) -> HTTPResponse:
    """Handle ``actions_list``."""
    return call.respond_page("actions", "action", call.world.actions.all()[::-1])


def get_action(call: Call) -> HTTPResponse:
    """Handle ``actions_get``."""
    return call.respond("action", find_action(call, lambda _action: True))


def list_regions(call: Call) -> HTTPResponse:
    """Handle ``regions_list``, with closed regions."""
    return respond(call, [*map(StoredObject, call.world.reference_data.regions.values())])


def list_sizes(call: Call) -> HTTPResponse:
    """Handle ``sizes_list``, with GPU sizes, cheapest first."""
    return respond(call, [*map(StoredObject, call.world.reference_data.sizes.values())])


def key_object(id_: int, name: str, public_key: str) -> dict[str, Any]:
    """Return a key in the format of the API."""
    return {"id": id_, "public_key": public_key, "name": name, "fingerprint": fingerprint(public_key)}


def fingerprint(public_key: str) -> str:
    """Return a public key's fingerprint: 16 pairs of hex digits, separated by colons."""
    type_, blob = _decode_key(public_key)
    # A key's blob starts with the length of its type in four bytes, then the type.
    if type_ not in _KEY_TYPES or blob[4 : 4 + len(type_)] != type_.encode():
        raise unprocessable(_INVALID_KEY_TEXT)
    return rng.md5(blob, usedforsecurity=False).digest().hex(":")


def _decode_key(public_key: str) -> tuple[str, bytes]:
    try:
        type_, text = public_key.split()[:2]
        return type_, base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise unprocessable(_INVALID_KEY_TEXT) from None


def find_key(world: World, identifier: str) -> StoredObject | None:
    """Return the key with this id or fingerprint."""
    for key in world.keys.all():
        if identifier in {str(key["id"]), key["fingerprint"]}:
            return key
    return None


_KEYS = Resource("keys", lookup=lambda call: find_key(call.world, call.path_params["ssh_key_identifier"]))


def create_key(call: Call) -> HTTPResponse:
    """Handle ``sshKeys_create``. The same key is refused, even under another name."""
    name = required_field(call.body, "name", "string")
    public_key = required_field(call.body, "public_key", "string").strip()
    if find_key(call.world, fingerprint(public_key)) is not None:
        raise unprocessable("SSH Key is already in use on your account")
    key = StoredObject(key_object(call.world.next_id("keys"), name, public_key))
    return respond(call, _KEYS.put(call.world, key))


def _rename_key(call: Call, key: StoredObject) -> StoredObject:
    return _KEYS.change(call.world, key, name=required_field(call.body, "name", "string"))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "account_get": get_account,
    "actions_list": list_actions,
    "actions_get": get_action,
    "regions_list": list_regions,
    "sizes_list": list_sizes,
    "sshKeys_list": _KEYS.list(),
    "sshKeys_get": _KEYS.get(),
    "sshKeys_create": create_key,
    "sshKeys_update": _KEYS.on(_rename_key),
    "sshKeys_delete": _KEYS.delete(),
}
