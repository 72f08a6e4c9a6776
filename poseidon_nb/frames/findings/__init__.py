"""The columns of what `poseidon_nb.analysis` finds out: tables that no operation serves, a module for each question."""
