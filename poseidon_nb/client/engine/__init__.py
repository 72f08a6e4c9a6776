"""The engine: runs chains of steps and returns their outcomes. Every change to an account is made here, exactly once.

`steps` is the data. An `execution` runs chains concurrently: worker threads send (`sender`), lost responses are searched
for (`recovery`, `searches`), and one poller waits for the started actions (`chain_run`, `consistency`). The `engine` of a
client decides who drives an execution: the caller, or a background thread after the caller has left.
"""
