"""SSH keys. A path takes the id or the fingerprint; the fingerprint is the MD5 of the key's blob."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import answer, no_content, not_found, unprocessable

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_TYPES = frozenset(
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
_INVALID_TEXT = "SSH Key is invalid. A public key is a type, its base64 text and, if you like, a comment."


def key_object(id_: int, name: str, public_key: str) -> dict[str, Any]:
    """Give a key as the API shows it."""
    return {"id": id_, "public_key": public_key, "name": name, "fingerprint": fingerprint(public_key)}


def fingerprint(public_key: str) -> str:
    """Give a public key's fingerprint: 16 pairs of hex digits, joined by colons."""
    type_, blob = _blob(public_key)
    # A blob repeats its type behind four bytes of length: what does not is no key.
    if type_ not in _TYPES or blob[4 : 4 + len(type_)] != type_.encode():
        raise unprocessable(_INVALID_TEXT)
    return hashlib.md5(blob, usedforsecurity=False).digest().hex(":")


def _blob(public_key: str) -> tuple[str, bytes]:
    try:
        type_, text = public_key.split()[:2]
        return type_, base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise unprocessable(_INVALID_TEXT) from None


def find_key(world: World, identifier: str) -> Record | None:
    """Give the key with this id or fingerprint."""
    for key in world.keys.listed():
        if identifier in {str(key["id"]), key["fingerprint"]}:
            return key
    return None


def _asked_for(call: Call) -> Record:
    key = find_key(call.world, call.names["ssh_key_identifier"])
    if key is None:
        raise not_found()
    return key


def list_keys(call: Call) -> Reply:
    """Answer ``sshKeys_list``."""
    return call.page("ssh_keys", "ssh_key", call.world.keys.listed())


def get_key(call: Call) -> Reply:
    """Answer ``sshKeys_get``."""
    return call.one("ssh_key", _asked_for(call))


def create_key(call: Call) -> Reply:
    """Answer ``sshKeys_create``; the same key twice is refused, whatever its name."""
    name = bodies.required(call.body, "name", "string")
    public_key = bodies.required(call.body, "public_key", "string").strip()
    if find_key(call.world, fingerprint(public_key)) is not None:
        raise unprocessable("SSH Key is already in use on your account")
    id_ = call.world.next_id("keys")
    key = Record(key_object(id_, name, public_key))
    call.world.keys.put(id_, key)
    return answer(201, ssh_key=key.shown)


def update_key(call: Call) -> Reply:
    """Answer ``sshKeys_update``: the name, and nothing else, can change."""
    key = _asked_for(call)
    renamed = key.showing(name=bodies.required(call.body, "name", "string"))
    call.world.keys.put(key["id"], renamed)
    return call.one("ssh_key", renamed)


def delete_key(call: Call) -> Reply:
    """Answer ``sshKeys_delete``."""
    call.world.keys.remove(_asked_for(call)["id"])
    return no_content()


OPERATIONS = {
    "sshKeys_list": list_keys,
    "sshKeys_get": get_key,
    "sshKeys_create": create_key,
    "sshKeys_update": update_key,
    "sshKeys_delete": delete_key,
}
