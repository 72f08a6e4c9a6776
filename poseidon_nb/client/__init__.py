"""The Python client: a `Client` with DigitalOcean's resources, and objects with DigitalOcean's verbs.

A read: a resource module (`droplets`, `images`, `keys`, `domains`, `snapshots`, `tags`, `metrics`) names an operation of
the catalogue, and `connection` sends it through transport. `fetch` reads many objects in few requests.
`usage` computes percentages from one droplet's metrics without pandas.

A change: the resource module builds steps. The one `engine` sends them, waits for the `actions` that they start, and
returns their outcomes. Progress goes to a callback; higher layers decide how to show it. Panels do not wait: they
subscribe to the `monitor`.

The collections whose verbs are single operations, such as `client.volumes`, are generated; see `nouns`. Operations without
a resource module are called by operationId or path (`operations`). `lookup` finds ids by name, and
`slugs` explains refused requests.
"""
