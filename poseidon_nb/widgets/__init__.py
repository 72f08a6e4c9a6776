"""What moves in a notebook: for each thing a plain model that decides, and a thin ipywidgets skin that shows.

`progress` has the rows under a command that waits. A folder for each thing that stands in a cell of its own: `fleet`
(droplets, and a table of them), `droplet` (a single one, by what `fleet` has) and `actions` (what the account does) follow
the account through the client's watch; the explorer of `sizes` follows nothing.

Here is what they share. Models share `following` (the account is followed, or no more), `verbs` (what is offered), `asking`
(a question in place), `resizing`, `droplet_facts` (a droplet in words), and `activity` (a row for each thing that was set
off).
Skins share `panel`, `parts`, `forms`, `style`, `table_style`, `id_table` (rows that are selected by id), and `conduct` for
keys and screen readers. `keeping` is what a saved notebook shows, `open_panels` closes the panel whose place another one
takes, `addressed_comm` has clicks taken beside a running cell, and `busy_kernel` tells where they have to wait.

Nothing here displays or prints: that is the floor above's.
"""
