"""The command `%do rightsize`."""
