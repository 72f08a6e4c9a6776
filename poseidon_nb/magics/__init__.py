"""The `%do` language: `%do` and `%%do` in IPython, and the same as a plain function.

`commands` is the table of groups and verbs, `grammar` reads a line by it, `help` and `completion` show it. These are
pure: text in, value out. What a command does stands elsewhere, and only there is anything asked or sent.
"""
