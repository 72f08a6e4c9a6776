"""Panels of droplets, one or many.

- `fleet`: the rows, the selection, and what can be done to it now. `facts` formats a droplet as facts and table cells.
- `requests` holds an action for some droplets, as a plan; `resize` holds the choice of a size, and `advice` the advised
  sizes. `bulk_progress` shows how far the client's engine is with a request.
- `model` handles clicks, asks for confirmation, and hands plans to the engine. `panel_models` has the models of
  one droplet and of many.
- `settings` holds the name, tags, backups and deletion of one droplet, and `usage` its CPU and memory of the last day.
- `panel` has the widgets of all droplet panels and the panel of one droplet. `resize_form` has those of the choice of a size,
  `settings_form` those of a droplet's settings. `fleet_panel` adds the table of many.
"""
