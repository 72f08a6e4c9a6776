"""The IPython side of the commands: magics, completion, questions, progress, and panels as they are displayed.

`magic` registers ``%do`` and its `completion`. `do` offers the same as functions, and `connect` a client with the same logins.
`ui` and `progress_display` show output in a notebook or a terminal, `live_rows` the progress of what a command does not wait
for, and `discarded_results` the results of lines in loops and functions.
`panels`, `fleet_panel` and `size_explorer` are the panels as users open them. The commands themselves are in `commands`.
"""
