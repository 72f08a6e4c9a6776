"""What the user holds: a `Client` with DigitalOcean's nouns, and objects with DigitalOcean's verbs.

The flow of a verb: a noun (`droplets`, `keys`) names an operation of the catalogue → `connection` sends it through
transport, and looks for what a lost answer was about (`lost`) → `actions` and the one `poller` wait, each call by its own
limits (`waiting`), until the droplet agrees (`settle`). Actions that want a droplet off go through one `restart`; the same
done to many things is `bulk`. Progress is told to a callback; who shows it is decided on a higher floor.
"""
