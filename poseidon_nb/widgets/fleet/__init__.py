"""Droplets with buttons, one or many.

- `fleet`: the rows, the selection, and what may be done to it now. `rows` says what a table shows of a droplet.
- `orders`: what is to be done to which droplets, as a plan. `work` tells how far the client's engine is with it.
- `model` is what a panel asks: it hands plans to the engine. `table_model` adds the selection in a table.
- `skin` shows what all panels of droplets have; `panel` adds the `table`, which the page sorts, searches and turns.
"""
