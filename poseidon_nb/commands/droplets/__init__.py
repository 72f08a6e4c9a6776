"""The commands `%do droplets`."""
