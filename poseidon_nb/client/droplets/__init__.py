"""Droplets: found, made (`creation`) and acted upon (`acting`), one or many at once.

What a droplet's actions consist of is data in `steps`; one that wants a droplet off goes through one `restart`; the same done
to many things is `bulk`. That a system answers on its port is no action, and is waited for apart, in `ssh`.
"""
