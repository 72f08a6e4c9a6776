"""Default limits of rightsizing: how much of a size stays free, for the rule, the help text and the charts."""

from __future__ import annotations

#: Percent of the vCPUs that are free in 19 of 20 readings, of the memory at the highest reading, of the disk, and of the
#: included transfer.
CPU_HEADROOM = 30.0
MEMORY_HEADROOM = 20.0
DISK_HEADROOM = 10.0
TRANSFER_HEADROOM = 10.0
