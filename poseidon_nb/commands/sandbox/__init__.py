"""The commands `%do sandbox`."""
