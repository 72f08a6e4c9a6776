"""DataFrames from the API's answers: one table for each resource, bytes or JSON rows in, a plain DataFrame out.

`schemas` is data and loads nothing, so help and completion can read it; behind it `columns` says what a table is made of,
and `tables` has a module for each room of the API. `tidy` makes the frames and loads pandas and msgspec: `decode` by the
resource's table, or `general` by one rule for all that has none, with `metrics` for what was measured over time.
`selection` picks columns for a person. `shaped` gives frames of findings, and takes in those that somebody hands us, whose
columns `casting` reads. Nothing here touches the network.
"""
