"""The commands ``%do account``, ``login``, ``context``, ``log`` and ``ratelimit``."""
