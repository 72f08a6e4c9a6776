"""What the user holds: a `Client` with DigitalOcean's nouns, and objects with DigitalOcean's verbs.

The flow of a verb: a noun (`droplets`, `keys`) names an operation of the catalogue → `connection` sends it through
transport, and looks before it leaps when an answer was lost (`lost`) → `actions` and the one `poller` wait, and
`settle` reads the droplet until it agrees (`waiting` is one call's share of that). Progress is told to a callback; who shows it is decided on a higher floor.
"""
