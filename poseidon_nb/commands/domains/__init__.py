"""The commands ``%do domains`` and ``records``."""
