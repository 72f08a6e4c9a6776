"""The `%do` language: `%do` and `%%do` in IPython, and the same as a plain function.

`language` is the grammar of commands, `requests` what they ask the API for. `command_line` joins the parts and hands a `job`
to its handler in `handlers`, which is `handlers.operations` for every verb without one of its own, and returns an `answer`.
What changes the account goes one way, `acting`: its plan is printed, returned, or confirmed and executed. `reads` lists the
GETs of a command that changes nothing. `kernel` remembers the chosen account and the words last seen; `front` and
`progress_views` show things to the user. `panels` tell `widgets` when a cell runs. `magic` and `completion` are the thin skin
for IPython.
"""
