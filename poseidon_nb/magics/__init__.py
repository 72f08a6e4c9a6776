"""The `%do` language: `%do` and `%%do` in IPython, and the same as a plain function.

What can be said is in `language`, what it asks the API for in `requests`. `command_line` joins the parts and hands a `job` to
its handler in `handlers`, which is `handlers.operations` for every verb without one of its own, and gives an `answer`. What
changes the account goes one way, `acting`: its plan is printed, returned, or confirmed and executed; `reads` lists the GETs of
a command that changes nothing. `kernel` remembers the chosen account and the
words last seen; `front` and `progress_views` speak to the person. `panels` have `widgets` know when a cell runs. `magic` and
`completion` are the thin skin for IPython.
"""
