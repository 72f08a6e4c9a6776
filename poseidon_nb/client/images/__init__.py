"""What droplets are made from: `images`, snapshots and backups; one that is fetched is waited for in `image_import`."""
