"""Actions: what the API does in the background, and waiting for it.

`waiting` adds time limits and progress to the one `poller`, with and without blocking.
"""
