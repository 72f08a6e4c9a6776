"""The commands of `%do`: a folder for each noun, and `generic` for every operation without one of its own.

In each folder ``spec.py`` has the words, options and defaults, and loads only the standard library, because help and completion
read it. ``run.py`` does the work: a function that reads, or a ``Planned`` that builds a plan. ``summary.py`` has the sentences above its
tables. A spec names its function in ``run``, which is imported when the command first runs.

`registry` collects the specs, `runner` runs a parsed command, and `help` shows the specs. A function gets a `context`; it
returns one of the `results`. `account_words` has the words for completion.
"""
