"""The tables of API resources; `poseidon_nb.frames.schemas` collects them.

The columns follow the schemas in the specification of the operation that each table names. Notebooks are saved, so secrets
never become columns: database passwords and connection strings, Slack webhook URLs, environment variables of apps.
"""
