"""`%do droplets ssh-config`: entries for ``~/.ssh/config``, as text or in a file of their own."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.results import Plain, plain
from poseidon_nb.commands.save import write_private
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.commands.context import CommandContext

#: The first line of a file that this command wrote, and can overwrite.
HEADER = "# Written by: %do droplets ssh-config. Changes are lost when it runs again."
#: Names that need no quoting. DigitalOcean allows no other names, and any other could add lines to the file.
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
#: Names and paths in options: no spaces, quotes or control characters.
_WORD = re.compile(r"[^\s\"'#]+")


def show_ssh_config(context: CommandContext) -> Plain | None:
    """Return the entries, or write them to ``--out-file``."""
    user, identity_file = context.option("user"), context.option("identity_file")
    for flag, value in (("--user", user), ("--identity-file", identity_file)):
        if value is not None and not _WORD.fullmatch(value):
            raise InvalidArgument(f"{flag} must be one word, not {value!r}.")
    kind = "private" if context.option("private") else "public"
    droplets = context.client.droplets.list(tag_name=context.option("tag_name"))
    hosts, left_out = find_hosts((droplet.to_dict() for droplet in droplets), kind)
    if context.option("tag_name") and not droplets:
        context.account.check_tag(context.option("tag_name"))
    if left_out:
        context.ui.say(
            f"Omitted {pluralize(len(left_out), 'droplet')} without a usable {kind} IPv4 address or name: "
            f"{truncated_list(left_out)}"
        )
    text = format_entries(hosts, user=user, identity_file=identity_file)
    if context.option("out_file") is None:
        return plain(text)
    path = write_file(context.option("out_file"), text)
    context.ui.say(f"Wrote {pluralize(len(hosts), 'host')} to {path}. Add this line to ~/.ssh/config: Include {path}")
    return None


def find_hosts(rows: Iterable[Mapping[str, Any]], kind: str) -> tuple[dict[str, str], list[str]]:
    """Return the address of each host, and the names of the droplets that have none.

    Parameters
    ----------
    rows : iterable of mapping
        Droplets, as the API returns them.
    kind : str
        ``"public"`` or ``"private"``.

    Returns
    -------
    hosts : dict of str to str
        IPv4 addresses by host, sorted by name. Droplets with the same name get their id as a suffix.
    left_out : list of str
    """
    listed = sorted(rows, key=lambda row: (row["name"], row["id"]))
    count = Counter(row["name"] for row in listed)
    hosts: dict[str, str] = {}
    left_out = []
    for row in listed:
        host, address = row["name"], _address(row, kind)
        if address is None or not _HOST.fullmatch(host):
            left_out.append(host)
            continue
        while count[host] > 1 or host in hosts:
            host = f"{host}-{row['id']}"
        hosts[host] = address
    return hosts, left_out


def _address(row: Mapping[str, Any], kind: str) -> str | None:
    networks = (row.get("networks") or {}).get("v4") or ()
    address = next((one["ip_address"] for one in networks if one.get("type") == kind), None)
    try:
        return None if address is None else str(ip_address(address))
    except ValueError:
        return None


def format_entries(hosts: Mapping[str, str], *, user: str | None = None, identity_file: str | None = None) -> str:
    """Format one ``Host`` entry for each host."""
    options = [("User", user or "root"), *([("IdentityFile", identity_file)] if identity_file else [])]
    entries = [_entry(host, [("HostName", address), *options]) for host, address in hosts.items()]
    return "\n".join(entries)


def _entry(host: str, options: Sequence[tuple[str, str]]) -> str:
    return "\n".join([f"Host {host}", *(f"    {name} {value}" for name, value in options), ""])


def write_file(name: str, text: str) -> Path:
    """Write the entries to a file that only its owner can read, and return its path.

    Raises
    ------
    InvalidArgument
        It cannot be written, or it exists and this command did not write it.
    """
    path = Path(name).expanduser()
    try:
        if path.exists() and not path.read_text(encoding="utf-8").startswith(HEADER):
            raise InvalidArgument(
                f"{name} exists and was not written by this command. Use a separate file, for example "
                "~/.ssh/digitalocean.conf, and include it in ~/.ssh/config."
            )
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise InvalidArgument(f"Cannot write {name}: {reason}") from None
    return write_private(name, f"{HEADER}\n\n{text}".encode())
