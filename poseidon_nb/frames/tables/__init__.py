"""The tables, a module for each room of the API; `poseidon_nb.frames.schemas` is the door to all of them.

The facts are the specification's schemas, of the operation that each table names. What is secret never becomes a
column, because notebooks are saved: no passwords and connection strings of databases, no addresses of Slack's webhooks,
no environment of an app.
"""
