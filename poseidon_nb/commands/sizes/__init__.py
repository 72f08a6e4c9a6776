"""The commands `%do sizes`."""
