"""The commands ``%do plans``."""
