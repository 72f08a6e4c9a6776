"""What moves in a notebook: for each thing a plain model that decides, and a thin ipywidgets skin that shows.

Nothing here displays or prints: that is the floor above's.
"""
