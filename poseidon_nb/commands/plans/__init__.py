"""The commands ``%do apply`` and ``plans``."""
