"""Your DigitalOcean account as DataFrames and buttons, inside any notebook."""

__version__ = "0.1.0"
