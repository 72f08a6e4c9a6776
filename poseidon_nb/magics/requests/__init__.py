"""From a command to the requests that it stands for: pure, nothing is sent here.

`fields` is for verbs that are written out, `filling` for those by the rule, both with `bodies` and `files` that the command
names.
"""
