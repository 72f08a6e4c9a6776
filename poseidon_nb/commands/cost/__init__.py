"""The commands `%do cost`."""
