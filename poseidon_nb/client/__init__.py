"""What the user holds: a `Client` with DigitalOcean's nouns, and objects with DigitalOcean's verbs.

The flow of a verb: a noun (`droplets`, `images`, `keys`, `domains`, `stored`, `metrics`) names an operation of the catalogue →
`connection` sends it through transport → what it starts is one of the `actions`, which are waited for until the thing agrees.
Progress is told to a callback; who shows it is decided on a higher floor. Panels do not wait: they follow the account by
`watching` it.

What has no noun goes by its operationId or its path through `operations`. Where the API wants an id and people say a name,
`kinds` tells what is meant, and `lookup` finds it.
"""
