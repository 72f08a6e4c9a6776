"""Droplets: found, created, acted upon and deleted. Their changes are steps that the engine carries out.

That a system answers on its port is no action, and is waited for apart, in `ssh`.
"""
