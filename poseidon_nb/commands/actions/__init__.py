"""The commands `%do actions`."""
