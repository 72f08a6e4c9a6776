"""What droplets are made from: `images`, snapshots and backups."""
