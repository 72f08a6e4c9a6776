"""DataFrames from API responses: one table per resource; bytes or decoded JSON in, a plain frame out. No network access.

`schemas` collects the tables, which `columns` defines and `tables` contains; it imports no third-party package, so help and
completion can use it. `builders` builds the frames with pandas and msgspec: from a resource's table with `decode`, or by
general rules; `metrics` builds those of metrics, and `options` the rows of what can be chosen. `validation` checks frames that
users pass in and builds derived tables; `dtypes` converts columns. `selection` selects columns by name. `display` decides how
frames are displayed: `layout` what of them, `cells` their cells as text, and `html_table` and `text_table` the table for a
notebook and for a terminal. `printable` escapes what pandas prints.
"""
