"""What things cost in a month beside droplets, whose prices are in ``figures.json``; in US dollars.

A monthly price is reached after `CAP_HOURS` in use, so that a month's length does not matter; until then each hour costs its
share (general billing help of DigitalOcean: 672 hours). GPU droplets are capped at 744 hours, which is what their hourly
price is of the monthly one in ``sizes_list``.
"""

from __future__ import annotations

CAP_HOURS = 672
CAP_HOURS_GPU = 744

#: Share of the droplet's price by plan. 20 %: backups pricing page, read November 2026. 30 %: announcement of daily
#: backups, end of 2024; not checked against a page.
BACKUPS = {"weekly": 0.20, "daily": 0.30}
#: For each GB, of droplets' and volumes' snapshots. Snapshots pricing page, read November 2026.
SNAPSHOT_GB = 0.06
#: For each GB. The price of snapshots, with which custom images are sold; not checked against a page.
CUSTOM_IMAGE_GB = 0.06
#: For each GiB. Volumes pricing, unchanged since volumes are sold; not checked against a page.
VOLUME_GIB = 0.10
#: For each node. Price list since July 2022; not checked against a page, an older one has 10.
LOAD_BALANCER_NODE = 12.0
#: For an IPv4 address that no droplet uses. Price list since July 2022; not checked against a page.
IDLE_ADDRESS = 5.0
