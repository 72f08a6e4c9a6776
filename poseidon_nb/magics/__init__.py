"""The `%do` language: `%do` and `%%do` in IPython, and the same as a plain function.

Pure, text in and value out: `words` says what groups, verbs and options are. The package `table` has our own names, `naming`
the one name of every operation of the API, `rule` makes a verb of an operation that nobody wrote out; `vocabulary` is the one
door to all of them. `grammar` makes a `command` of a line (out of `tokens`, with `options` and `completeness`); `suggestions`
and `help` show what could be typed.

From a command to requests: `fields` for verbs that are written out, `filling` for those by the rule; `plan` gives them
without sending any. `questions` and `costs` say what has to be asked first.

What acts: `command_line` joins the parts and hands a `job` to its handler in `handlers`, which is `handlers.operations` for
every verb without one of its own, and gives an `answer`; `kernel` remembers the chosen account and the words last seen;
`front` and `progress_views` speak to the person. `panels` have `widgets` know when a cell runs. `magic` and `completion` are the thin skin for IPython.
"""
