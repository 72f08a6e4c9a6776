"""The size explorer: `model` has the filters and the selection, and `criteria` what can be filtered, drawn and selected.

`explorer` is the panel, with the filters and a table; `chart` draws the sizes as points.
"""
