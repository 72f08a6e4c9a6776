"""The commands `%do keys`."""

from __future__ import annotations

from poseidon_nb.commands.shared_spec import delete_verb, get_verb, list_verb
from poseidon_nb.language.spec import CREATE_ALIASES, UPDATE_ALIASES, Argument, Group, Option, Verb

_KEY = Argument(name="key", metavar="KEY", help="id, name or fingerprint", source="keys")

KEYS = Group(
    name="keys",
    help="SSH keys for new droplets",
    aliases=("key", "ssh-key", "ssh-keys", "k"),
    prefixes=("sshKeys",),
    verbs=(
        list_verb("keys", "sshKeys_list"),
        get_verb("keys", "sshKeys_get", _KEY, "deploy"),
        Verb(
            name="create",
            help="add a public key",
            run="keys.run:CREATE",
            operations=("sshKeys_create",),
            alias_of="sshKeys_create",
            arguments=(Argument(name="name", metavar="NAME", help="name of the key"),),
            options=(
                Option(field="public_key", help="text of the public key", metavar="TEXT"),
                Option(
                    field="public_key_file", help="file that contains the public key", metavar="FILE", source="files"
                ),
            ),
            aliases=(*CREATE_ALIASES, "import", "i"),
            table="keys",
            one_of=(("public_key", "public_key_file"),),
            example="%do keys create ci --public-key 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdDnUQm0vl1W0GdYcmlaM7Pb1xqqlcVEGxwXJyaHuRC ci'",
        ),
        Verb(
            name="update",
            help="rename a key",
            run="generic.run:CHANGE",
            operations=("sshKeys_update",),
            alias_of="sshKeys_update",
            arguments=(
                _KEY,
                Argument(name="name", metavar="NAME", help="new name", option_names=("name", "key-name")),
            ),
            aliases=(*UPDATE_ALIASES, "rename"),
            table="keys",
            example="%do keys update deploy --name deploy-2026",
        ),
        delete_verb("keys", "sshKeys_delete", _KEY, "deploy", "delete keys; existing droplets keep them"),
    ),
)
