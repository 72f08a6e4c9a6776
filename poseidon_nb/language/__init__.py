"""The language of `%do`: text in, a `Command` or a one-line `GrammarError` out. Nothing here reads the account.

`spec` says what groups, verbs, arguments and options are; `registry` finds them by the words that people type. `grammar`
parses a line of `tokens` into a `command`, with `options` and `validation`; `completion` lists what can be typed next.
`quantities` and `time_arguments` parse values such as ``16GiB`` and ``7d``. The commands themselves are in `commands`.
"""
