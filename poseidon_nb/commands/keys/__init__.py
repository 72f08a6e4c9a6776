"""The commands `%do keys`."""
