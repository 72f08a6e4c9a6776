"""Plans: what a change to the account consists of, before it is made, so that it can be shown, confirmed and executed.

`plan` is the data; `frames`, `texts` and `questions` are what is derived from it. `droplets`, `tagging`, `deletions` and
`operations` build chains of steps from rows that the caller holds; `account` reads such rows, or stands in where nothing
can be read. The engine of the client carries plans out.
"""
