"""The command `%do aliases`."""
