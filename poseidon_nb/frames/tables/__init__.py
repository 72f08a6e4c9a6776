"""The tables of API resources and the derived tables; `poseidon_nb.frames.schemas` collects them.

The columns of resources follow the schemas in the specification of the operation that each table names. Derived tables, in
`pricing`, `usage` and `plans`, are the results of `poseidon_nb.analysis` and plans. Notebooks are saved, so secrets never
become columns: database passwords and connection strings, Slack webhook URLs, environment variables of apps.
"""
