"""What the user holds: a `Client` with DigitalOcean's nouns, and objects with DigitalOcean's verbs.

The flow of a verb: a noun (`droplets`, `images`, `keys`, `domains` and their `records`, `stored`) names an operation of the
catalogue → `connection` sends it through transport, and looks for what a lost answer was about (`lost`) → `starting` starts
an action once, `actions` and the one `poller` wait, each call by its own limits (`waiting`), until the thing agrees
(`settle`). What a droplet's actions consist of is data in `steps`; one that wants a droplet off goes through one `restart`;
the same done to many things is `bulk`. What is no action is waited for apart: `ssh`, `image_import`. Progress is told to a
callback; who shows it is decided on a higher floor.

Panels do not wait: `watch` follows the account for all of them, told through a `subscription` each. What it knows and reads is
`account_reading`; an action that runs is a `following`, and takes part in the one poller.

What has no noun goes by its operationId or its path through `operations`. Where the API wants an id and people say a name,
`kinds` tells what is meant, and `lookup` finds it.
"""
