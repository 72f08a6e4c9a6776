"""Many droplets in a table, with buttons for those that are selected.

- `model` is what the panel asks: it brings the following together.
- `fleet`: the rows, the selection, and what may be done to it now. `rows` says what a table shows of a droplet.
- `orders`: what is to be done to which droplets. `acting` does it on threads, `work` tells how far it is.
- `panel` shows all this, the droplets in a `table` that the page sorts, searches and turns.
"""
