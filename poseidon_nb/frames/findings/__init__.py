"""The columns of what `poseidon_nb.analysis` finds out: tables that no operation serves, a module for each question.

`columns` has the words that they are written in; `poseidon_nb.frames.validation` builds the frames.
"""
