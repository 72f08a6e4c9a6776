"""The command `%do api`."""
