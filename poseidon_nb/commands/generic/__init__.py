"""Every operation without a command of its own: its verb is derived from the catalogue, and all run in the same way.

`spec` has the groups that need no code, `derive` builds a verb from an operation, `field_help` has words for fields,
`requests` builds the requests of a command, and `run` sends them.
"""
