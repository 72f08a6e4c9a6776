"""The sentence above the table of ``%do idle``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.text import format_usd, join_words, pluralize

if TYPE_CHECKING:
    import pandas as pd

#: What each kind is called.
NOUNS = {
    "droplet": "droplet",
    "volume": "volume",
    "snapshot": "snapshot",
    "image": "image",
    "reserved_ip": "reserved IP",
    "reserved_ipv6": "reserved IPv6 address",
    "load_balancer": "load balancer",
    "uptime_check": "uptime check",
    "kubernetes": "Kubernetes cluster",
    "database": "database cluster",
    "app": "app",
    "registry": "container registry",
    "nat_gateway": "NAT gateway",
    "nfs": "NFS share",
}
_PLURALS = {"reserved_ipv6": "reserved IPv6 addresses", "registry": "container registries"}


def summarize_idle(found: pd.DataFrame) -> str:
    """Return how many resources are idle, what they cost, and how to end that."""
    if found.empty:
        return "Nothing idle was found."
    counts = found["kind"].value_counts()
    kinds = join_words(
        pluralize(int(counts[kind]), noun, _PLURALS.get(kind)) for kind, noun in NOUNS.items() if kind in counts
    )
    unpriced = int(found["usd_month"].isna().sum())
    rest = f", and {unpriced:,} without a known price" if unpriced else ""
    return (
        f"{kinds} {'is' if len(found) == 1 else 'are'} idle, {format_usd(found['usd_month'].sum())} a month{rest}."
        " Keep the rows to end in a variable, and use %do apply {variable}."
    )
