"""The command `%do panel`."""
