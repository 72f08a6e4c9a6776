"""What the user holds: a `Client` with DigitalOcean's nouns, and objects with DigitalOcean's verbs.

The flow of a read: a noun (`droplets`, `images`, `keys`, `domains`, `stored`, `metrics`) names an operation of the catalogue,
and `connection` sends it through transport. The flow of a change: the noun makes steps, and the one `engine` sends them,
waits for the `actions` that they start, and says what became of each. Progress is told to a callback; who shows it is
decided on a higher floor. Panels do not wait: they follow the account by `watching` it.

What has no noun goes by its operationId or its path through `operations`. Where the API wants an id and people say a name,
`kinds` tells what is meant, and `lookup` finds it. The same read for many things, side by side, is `each`.
"""
