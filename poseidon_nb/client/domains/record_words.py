"""Names and values of DNS records as people write them, and as the API wants them. Pure.

The API reads a record's name relative to its domain, filters by the full one, gives names of other machines without the
dot at their end, and refuses them so (doctl#919, digitalocean/openapi#884).
"""

from __future__ import annotations

from poseidon_nb.errors import InvalidArgument

APEX = "@"
#: The types that the API knows (domains_create_record).
TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT")
#: Whose value is the full name of another machine.
_NAMING = {"CNAME", "MX", "NS", "SRV", "CAA"}


def relative_name(name: str, domain: str) -> str:
    """Give a record's name relative to its domain, whichever way it was written.

    Raises
    ------
    InvalidArgument
        It ends with a dot, and so is a full name, of another domain.
    """
    full = name.removesuffix(".")
    folded, within = full.casefold(), domain.casefold()
    if folded in {"", APEX, within}:
        return APEX
    if folded.endswith(f".{within}"):
        return full[: -len(domain) - 1]
    if name.endswith("."):
        raise InvalidArgument(f"{name!r} is not in {domain}; a name without a dot at its end is relative to it")
    return name


def full_name(name: str, domain: str) -> str:
    """Give a record's full name, without a dot at its end."""
    relative = relative_name(name, domain)
    return domain if relative == APEX else f"{relative}.{domain}"


def written_data(record_type: str, data: str, *, tag: str | None = None) -> str:
    """Give a record's value as it can be written: with the dot at its end that a full name wants.

    Parameters
    ----------
    record_type : str
    data : str
        As it was read, or as a person writes it.
    tag : str, optional
        Of a CAA record: where violations are reported to (``iodef``) is no name.
    """
    if record_type not in _NAMING or data in {"", APEX} or data.endswith("."):
        return data
    if record_type == "CAA" and (tag == "iodef" or ";" in data):
        # With parameters, or as ";" alone, which lets nobody issue, it is no name either.
        return data
    return f"{data}."
