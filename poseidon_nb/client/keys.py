"""The SSH keys of the account. API: ``sshKeys_*``; reading the list is limited to 10 requests in 60 seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.collection import Collection
from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.named import only_one
from poseidon_nb.client.resource import Field, Resource
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine

FINGERPRINT_PARTS = 16


class Key(Resource):
    """A public SSH key."""

    id = Field[int]()
    name = Field[str]()
    fingerprint = Field[str]()
    public_key = Field[str]()

    def __init__(self, data: Mapping[str, Any], keys: Keys) -> None:
        super().__init__(data)
        self._keys = keys

    def update(self, name: str) -> Key:
        """Rename it; nothing else of a key can change."""
        self.assign(self._keys.update(self, name).to_dict())
        return self

    def delete(self) -> None:
        """Take it out of the account; droplets keep it."""
        self._keys.delete(self)

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.name, self.fingerprint)


class Keys(Collection[Key]):
    """The SSH keys that droplets can be made with. One is named by its id, its fingerprint or its name."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "keys", "sshKeys_list", lambda row: Key(row, self))
        self._engine = engine

    def get(self, key: Key | int | str) -> Key:
        """Return one key.

        Raises
        ------
        NotFound, NoSuchName
            There is none; for a name the nearest is given.
        """
        if isinstance(key, str) and not _is_identifier(key):
            return self._by_name(key)
        return Key(self._connection.one("sshKeys_get", path={"ssh_key_identifier": _identifier(key)}), self)

    def create(self, name: str, public_key: str) -> Key:
        """Add a public key to the account.

        Parameters
        ----------
        name : str
        public_key : str
            As in an ``id_ed25519.pub``.

        Raises
        ------
        InvalidArgument
            It is a private key. Nothing was sent.
        Unprocessable
            It is no key, or is in the account already.
        """
        public_key = public_key.strip()
        if "PRIVATE KEY" in public_key:
            raise InvalidArgument(
                "that is a private key, which must never leave its machine; give the .pub file's text"
            )
        request = self._connection.request("sshKeys_create", body={"name": name, "public_key": public_key})

        answer = self._engine.change(request, verb="create", target=Target("SSH key", None, name))
        return Key(self._connection.unwrapped("sshKeys_create", answer), self)

    def update(self, key: Key | int | str, name: str) -> Key:
        """Rename a key."""
        answer = self._change("sshKeys_update", "update", self._resolved(key), body={"name": name})
        return Key(self._connection.unwrapped("sshKeys_update", answer), self)

    def delete(self, key: Key | int | str) -> None:
        """Take a key out of the account; droplets that were made with it keep it."""
        self._change("sshKeys_delete", "delete", self._resolved(key))

    def _change(self, operation_id: str, verb: str, key: int | str, **parts: Any) -> Any:
        request = self._connection.request(operation_id, path={"ssh_key_identifier": key}, **parts)
        return self._engine.change(request, verb=verb, target=Target("SSH key", key, str(key)))

    def _resolved(self, key: Key | int | str) -> int | str:
        return self._by_name(key).id if isinstance(key, str) and not _is_identifier(key) else _identifier(key)

    def _by_name(self, name: str) -> Key:
        keys = self.list()
        return only_one("key", name, [key for key in keys if key.name == name], lambda: (key.name for key in keys))


def _identifier(key: Key | int | str) -> int | str:
    return key.id if isinstance(key, Key) else key


def _is_identifier(text: str) -> bool:
    parts = text.split(":")
    return is_integer(text) or (len(parts) == FINGERPRINT_PARTS and all(len(part) == 2 for part in parts))  # noqa: PLR2004  # hex pairs
