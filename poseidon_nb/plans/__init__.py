"""Plans: what a command will do to the account, before it is done; and the journal, from which it is taken up again."""
