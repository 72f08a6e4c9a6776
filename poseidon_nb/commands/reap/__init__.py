"""The command `%do reap`."""
