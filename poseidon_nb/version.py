"""The version, apart from the public face so that lower floors can tell it."""

__version__ = "0.1.0"
