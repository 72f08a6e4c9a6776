"""The IPython side of the commands: magics, completion, questions, progress, and panels as they are displayed.

`magic` registers ``%do``, and `do` offers the same as functions. `ui` and `progress_display` show output in a notebook or a
terminal, and `discarded_results` the results of lines in loops and functions.
`panels`, `fleet_panel` and `size_explorer` are the panels as users open them. The commands themselves are in `commands`.
"""
