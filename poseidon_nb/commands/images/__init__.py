"""The commands `%do images`."""
