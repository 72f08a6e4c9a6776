"""Plans: what a change to the account consists of, before it is made, so that it can be shown, confirmed and executed.

`plan` is the data; `frames`, `texts` and `questions` are what is derived from it, with `words` shared, and `outcomes` what
became of it. `droplets`, `tagging` and `operations` build chains of steps from rows that the caller holds, with prices of
`costs`; `account` reads such rows, or stands in where nothing can be read. The engine of the client carries plans out.

`journal` records what is executed, a file a plan (`journal_files`) with a line for each event (`journal_entry`); `connect`
sets it as the recorder of a client. `journal_list` has the plans that did not end. `resume` reads how far they got
(`resume_reading`), decides what is left (`resume_verdicts`), and runs it.
"""
