"""What the readings of droplet metrics mean. Standard library only, for panels, which compute usage without pandas.

API: ``monitoring_get_DropletCpuMetrics`` and similar operations.
"""

from __future__ import annotations

from collections.abc import Collection

#: The feature of droplets with the metrics agent (``droplets_list``, ``features``).
AGENT_FEATURE = "monitoring"
#: CPU modes that do not count as busy. Stolen time does: the droplet wanted it.
IDLE_MODES = ("idle", "iowait")
#: The mode whose counter a kernel may decrease (proc(5)); other counters decrease only when they are reset.
DECREASING_MODE = "iowait"
#: A step this many times the usual one is a gap: below 2, because one missing reading counts as a gap already.
GAP_FACTOR = 1.5


def explain_missing(features: object, status: object) -> str:
    """Return why a droplet may have no readings, as the end of a sentence; empty if unknown.

    Parameters
    ----------
    features, status : object
        The droplet's fields, if known.
    """
    if isinstance(features, Collection) and not isinstance(features, str) and AGENT_FEATURE not in features:
        return ": the metrics agent is not installed"
    return ": the droplet is off" if isinstance(status, str) and status == "off" else ""
