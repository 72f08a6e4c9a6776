"""Plans: every change to the account as data that can be shown, confirmed, executed and resumed.

`plan` is the data, `summary` its text, `confirmation` the rule for when it needs a confirmation and the question, and
`outcomes` the result of its steps. `builders` builds the chains of steps from what `account` reads, with prices from
`costs`. The client's engine executes them.

`journal` records what is executed, a file a plan (`journal_files`) with a line for each event (`journal_entry`); `connect`
sets it as the recorder of a client. `journal_list` has the plans that did not end. `resume` reads how far they got
(`resume_reading`), decides what is left (`resume_verdicts`), and runs it.
"""
