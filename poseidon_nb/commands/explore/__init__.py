"""The commands `%do explore`."""
