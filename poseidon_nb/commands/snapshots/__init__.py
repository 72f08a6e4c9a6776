"""The commands `%do snapshots`."""
