"""DataFrames from the API's answers: one table for each resource, bytes or JSON rows in, a plain DataFrame out.

`schemas` is data and loads nothing, so help and completion can read it; behind it `tables` has a module for each room
of the API. `tidy` makes the frames and loads pandas and msgspec. `selection` picks columns for a person. Nothing here
touches the network.
"""
