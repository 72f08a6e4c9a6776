"""The collections whose verbs are single operations: volumes, firewalls, load balancers, VPCs, reserved IPs, projects and more.

`collection` is written by hand. The other modules are written by ``python -m poseidon_nb.commands.build_nouns`` from the
catalogue and the names of `%do`. Never edit those.
"""
