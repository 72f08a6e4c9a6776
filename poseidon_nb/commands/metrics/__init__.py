"""The commands `%do metrics`."""
