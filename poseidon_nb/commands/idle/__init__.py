"""The command `%do idle`."""
