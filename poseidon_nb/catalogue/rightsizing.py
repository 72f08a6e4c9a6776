"""Defaults of rightsizing, for the rule, the help text, the charts and the panels."""

from __future__ import annotations

#: Percent of the vCPUs that are free in 19 of 20 readings, of the memory at the highest reading, of the disk, and of the
#: included transfer.
CPU_HEADROOM = 30.0
MEMORY_HEADROOM = 20.0
DISK_HEADROOM = 10.0
TRANSFER_HEADROOM = 10.0
#: How many percent of the vCPUs of a smaller size the highest reading may need.
BURST = 200.0
#: The hours of readings that a recommendation needs, and the saving in USD a month.
MIN_HOURS = 72.0
MIN_SAVING_USD_MONTH = 1.0
#: How many days of metrics are read: two weekends.
WINDOW_DAYS = 14
