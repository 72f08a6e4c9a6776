"""What moves in a notebook: for each thing a plain model that decides, and a thin ipywidgets skin that shows.

`progress` has the rows under a command that waits. The panels follow the account through the client's watch:

- one droplet: `droplet_model`, with `droplet_facts` and `droplet_acting`; its skin is `droplet_panel`;
- many: `fleet_model`, with `fleet` (rows and selection), `fleet_rows`, and orders in `fleet_orders`, `fleet_acting` and
  `fleet_work`; its skin is `fleet_panel`, with `fleet_table` and `fleet_style`;
- what the account does: `actions_model`; its skin is `actions_panel`.

The explorer of sizes follows nothing: `size_explorer_model`; its skin is `size_explorer`, with the modules `size_...`.

Models share `verbs` (what is offered), `asking` (a question in place), `resizing`, `activity` (a row for each thing that
was set off), `notices`, and `workers`, the threads that send. Skins share `panel`, `parts`, `forms` and `style`, and
`conduct` for keys and screen readers. `keeping` is what a saved notebook shows, `open_panels` closes the panel whose place
another one takes, `addressed_comm` has clicks taken beside a running cell, and `busy_kernel` tells where they have to wait.

Nothing here displays or prints: that is the floor above's.
"""
