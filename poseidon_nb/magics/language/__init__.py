"""The words of `%do`: pure, text in and value out.

`words` says what groups, verbs and options are. The package `table` has our own names, `naming` the one name of every operation
of the API, `rule` makes a verb of an operation that nobody wrote out; `vocabulary` is the one door to all of them. `grammar`
makes a `command` of a line (out of `tokens`, with `options` and `completeness`); `suggestions` and `help` show what could be
typed.
"""
