"""The command ``%do apply``."""
