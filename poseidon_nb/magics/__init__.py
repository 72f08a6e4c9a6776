"""The `%do` language: `%do` and `%%do` in IPython, and the same as a plain function.

Pure, text in and value out: `words` says what groups, verbs and options are, `commands` and `droplet_commands` are the
table of them, `vocabulary` the one door to it; `grammar` makes a `command` of a line, `suggestions` and `help` show what
could be typed, `plan` gives the requests that a command stands for, `questions` what has to be asked.

What acts: `command_line` joins the parts and hands a `job` to its handler in `handlers`, which gives an `answer`;
`kernel` remembers the chosen account and the words last seen; `front` and `progress_views` speak to the person. `magic`
and `completion` are the thin skin for IPython.
"""
