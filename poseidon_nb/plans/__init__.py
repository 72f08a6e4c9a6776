"""Plans: what a change to the account consists of, before it is made, so that it can be shown, confirmed and executed.

`plan` is the data; `frames`, `texts` and `questions` are what is derived from it, with `words` shared, and `outcomes` what
became of it. `droplets`, `tagging` and `operations` build chains of steps from rows that the caller holds, with prices of
`costs`; `account` reads such rows, or stands in where nothing can be read. The engine of the client carries plans out.
"""
