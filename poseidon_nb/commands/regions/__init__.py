"""The commands `%do regions`."""
