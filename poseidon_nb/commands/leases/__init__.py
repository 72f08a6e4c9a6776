"""The commands `%do leases`."""
