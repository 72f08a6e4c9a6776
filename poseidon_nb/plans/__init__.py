"""Plans: every change to the account as data that can be shown, confirmed, executed and resumed.

`plan` is the data, `summary` its text, `confirmation` the rule for when it needs a confirmation and the question, and
`outcomes` the result of its steps. `builders` builds the chains of steps from what `account` reads, with prices from
`costs`; `combine` makes one plan of several, and `frames` one of edited DataFrames. The client's engine executes them.

`journal` records what is executed; its `connect` is the public one. Each plan is a file (`journal_files`) of lines in the
format of `journal_entry`, written by `journal_records` in the directory of `user_state`. `resume` reads the progress of an
interrupted plan (`resume_facts`), decides what is left (`resume_verdicts`), and runs it.
"""
