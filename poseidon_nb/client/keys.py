"""SSH keys. API: ``sshKeys_*``; listing them is limited to 10 requests in 60 seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.steps import Target
from poseidon_nb.client.lookup import is_fingerprint, unique_match
from poseidon_nb.client.resource import Field, Resource, ResourceCollection
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import is_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine


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
        """Rename the key; nothing else of it can change."""
        self.assign(self._keys.update(self, name).to_dict())
        return self

    def delete(self) -> None:
        """Remove the key from the account; droplets keep it."""
        self._keys.delete(self)

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.name, self.fingerprint)


class Keys(ResourceCollection[Key]):
    """The SSH keys of the account. A key is found by id, fingerprint or name."""

    def __init__(self, connection: Connection, engine: Engine) -> None:
        super().__init__(connection, "keys", "sshKeys_list", lambda row: Key(row, self))
        self._engine = engine

    def get(self, key: Key | int | str) -> Key:
        """Return one key.

        Raises
        ------
        NotFound, NoSuchName
            It does not exist; for a name the closest is suggested.
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
            The text of a file such as ``id_ed25519.pub``.

        Raises
        ------
        InvalidArgument
            It is a private key. Nothing was sent.
        Unprocessable
            It is not a key, or is in the account already.
        """
        public_key = public_key.strip()
        if "PRIVATE KEY" in public_key:
            raise InvalidArgument(
                "This is a private key, which must not leave its machine. Use the text of the .pub file."
            )
        request = self._connection.request("sshKeys_create", body={"name": name, "public_key": public_key})

        answer = self._engine.send(request, verb="create", target=Target("SSH key", None, name))
        return Key(self._connection.read_object("sshKeys_create", answer), self)

    def update(self, key: Key | int | str, name: str) -> Key:
        """Rename a key."""
        answer = self._change("sshKeys_update", "update", self._resolved(key), body={"name": name})
        return Key(self._connection.read_object("sshKeys_update", answer), self)

    def delete(self, key: Key | int | str) -> None:
        """Remove a key from the account; droplets that were created with it keep it."""
        self._change("sshKeys_delete", "delete", self._resolved(key))

    def _change(self, operation_id: str, verb: str, key: int | str, **parts: Any) -> Any:
        request = self._connection.request(operation_id, path={"ssh_key_identifier": key}, **parts)
        return self._engine.send(request, verb=verb, target=Target("SSH key", key, str(key)))

    def _resolved(self, key: Key | int | str) -> int | str:
        return self._by_name(key).id if isinstance(key, str) and not _is_identifier(key) else _identifier(key)

    def _by_name(self, name: str) -> Key:
        keys = self.list()
        return unique_match("key", name, [key for key in keys if key.name == name], lambda: (key.name for key in keys))


def _identifier(key: Key | int | str) -> int | str:
    return key.id if isinstance(key, Key) else key


def _is_identifier(text: str) -> bool:
    return is_integer(text) or is_fingerprint(text)
