"""Panels and progress in a notebook: for each, a plain model that decides and ipywidgets that show it.

- `progress` has the rows below a command that waits.
- `chain_progress` has the progress of a plan's chains in a panel, and `progress_box` its widgets.
- `droplets` has the panels of one droplet and of many, `actions` the panel of an account's actions, `plan_panel` the panel
  of a plan, `sizes` the explorer.
- Models share `models` (tracking an account) and `click_confirmation` (a button that asks first).
- Panels share `panel` (opening, closing, saved output), `components` (buttons, notices, accessibility) and `id_table` (a
  table with a selection of ids).
- `page_widget` connects the scripts of all of these in the page, however busy it is.
- `kernel` is about clicks while a cell runs.

Nothing here displays or prints: `magics` does.
"""
