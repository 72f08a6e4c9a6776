"""What moves in a notebook: for each thing a plain model that decides, and a thin ipywidgets skin that shows.

`progress` has the rows under a command that waits. A panel is a model such as `droplet_model`, which follows the account
through the client's watch, and a skin such as `droplet_panel` upon `panel`, built of `parts` and `forms` in the colours of
`style`. A fleet's model keeps what is selected in `fleet`, and has its orders carried out by `fleet_acting`.
Models are made of plain pieces: `activity` (a row for each thing that was set off), `asking` (a question in place),
`droplet_facts` and `resizing`. `workers` are the threads that send, `open_panels` closes the panel whose place another one
takes, `addressed_comm` has clicks taken beside a running cell, and `busy_kernel` tells where they have to wait for it.

Nothing here displays or prints: that is the floor above's.
"""
