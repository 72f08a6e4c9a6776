"""Sizes to filter, compare and choose from: `model` has the filters and what is selected, `explorer` shows it.

`axes` are what sizes can be drawn against. The explorer's parts are `filters`, a `picture` of points, a `table` and a
`copy_button` for the lines that make a droplet; `style` is what it adds to the style sheets next door.
"""
