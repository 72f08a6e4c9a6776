"""`domains`, and the `records` in them."""
